/** What is wrong with an option of the process: its path, what was expected, what came. */
export class OptionError extends Error {
  override readonly name: string = 'OptionError'
  readonly code = 'invalid-option'
  readonly path: string

  constructor(path: string, expected: string, came: unknown) {
    super(`${path}: expected ${expected}, got ${shown(came)}`)
    this.path = path
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
