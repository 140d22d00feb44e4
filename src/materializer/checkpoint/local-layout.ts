/**
 * Keys of a local checkpoint in its store, below `state/<partition>/`:
 *
 * - `head`: which generation, how many pieces, and the place in the log;
 * - `base/<generation>/<number>`: the whole state as of the generation's beginning, in pieces;
 * - `row/<generation>/<key>`: what changed since, the latest of each key; an empty value for what is gone.
 */
import type { StateStore } from '../../ports/state-store.ts'

export const GONE: Uint8Array = new Uint8Array(0)

/** Rows fetched or deleted at a time. */
const ROWS = 1_000
/** Pieces fetched at a time: they are large. */
const PIECES = 32

/** So that the order of the keys is that of the numbers. */
const DIGITS = 12

export class LocalLayout {
  readonly head: string
  readonly #prefix: string

  constructor(partition: number) {
    this.#prefix = `state/${partition}/`
    this.head = `${this.#prefix}head`
  }

  piece(generation: number, number: number): string {
    return `${this.#pieces(generation)}${padded(number)}`
  }

  row(generation: number, key: string): string {
    return `${this.#rows(generation)}${key}`
  }

  /** Pieces of the generation by number, each as its bytes. */
  async *pieces(store: StateStore, generation: number): AsyncGenerator<Uint8Array> {
    for await (const { value } of scanned(store, this.#pieces(generation), PIECES)) yield value
  }

  /** Rows of the generation, each with the key that it has in the state. */
  async *rows(store: StateStore, generation: number): AsyncGenerator<{ key: string; value: Uint8Array }> {
    const prefix = this.#rows(generation)
    for await (const { key, value } of scanned(store, prefix, ROWS)) yield { key: key.slice(prefix.length), value }
  }

  /** Deletes everything, the head first. */
  async clear(store: StateStore): Promise<void> {
    await store.write([{ key: this.head, value: null }])
    await this.tidy(store, null)
  }

  /** Deletes what belongs to other generations; null: to any. */
  async tidy(store: StateStore, generation: number | null): Promise<void> {
    for (const [kind, count] of [
      ['base/', PIECES],
      ['row/', ROWS],
    ] as const) {
      const prefix = this.#prefix + kind
      const kept = generation === null ? undefined : `${prefix}${padded(generation)}/`
      let doomed: string[] = []
      const drop = async (): Promise<void> => {
        await store.write(doomed.map((key) => ({ key, value: null })))
        doomed = []
      }
      for await (const { key } of scanned(store, prefix, count, kept)) {
        doomed.push(key)
        if (doomed.length === ROWS) await drop()
      }
      await drop()
    }
  }

  #pieces(generation: number): string {
    return `${this.#prefix}base/${padded(generation)}/`
  }

  #rows(generation: number): string {
    return `${this.#prefix}row/${padded(generation)}/`
  }
}

/** All rows below `prefix`, without those below `except`. */
async function* scanned(
  store: StateStore,
  prefix: string,
  count: number,
  except?: string,
): AsyncGenerator<{ readonly key: string; readonly value: Uint8Array }> {
  let after: string | undefined
  for (;;) {
    const found = await store.scan(prefix, count, after)
    for (const row of found) if (except === undefined || !row.key.startsWith(except)) yield row
    const last = found.at(-1)?.key
    if (last === undefined || found.length < count) return
    // Behind all keys of what is left out.
    after = except !== undefined && last.startsWith(except) ? `${except}\uFFFF` : last
  }
}

function padded(number: number): string {
  return String(number).padStart(DIGITS, '0')
}
