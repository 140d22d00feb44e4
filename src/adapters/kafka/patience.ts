/** A span of time that begins when it is made, and does not keep the process alive. */
export class Patience {
  isOver = false
  readonly #timer: NodeJS.Timeout

  constructor(ms: number) {
    this.#timer = setTimeout(() => (this.isOver = true), ms).unref()
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}
