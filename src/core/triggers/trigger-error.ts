/**
 * The one error that this folder throws for a bad trigger, duration or instant.
 *
 * `code` is a closed list, for programs; `path` says where in the input; the message is for people and names the path,
 * what was expected and what came. Anything else that is thrown here is a bug of ours.
 */

/**
 * `invalid-trigger`: wrong form or value. `never-fires`: valid, but no instant matches. `unknown-zone`: no such time
 * zone. `unsupported`: valid, but it needs something that is not there (a calendar, a job id for `H`).
 */
export type TriggerErrorCode = 'invalid-trigger' | 'never-fires' | 'unknown-zone' | 'unsupported'

export class TriggerError extends Error {
  override readonly name = 'TriggerError'
  readonly code: TriggerErrorCode
  /** As `trigger.fields.hour` or `trigger.triggers[1].at`. */
  readonly path: string

  constructor(code: TriggerErrorCode, path: string, message: string) {
    super(`${path}: ${message}`)
    this.code = code
    this.path = path
  }
}

/** Longest excerpt of an input that a message repeats, so that a hostile text does not fill the log. */
const MAX_EXCERPT = 80

/** Throws `invalid-trigger`: `path: expected …, got …`. */
export function invalid(path: string, expected: string, got: unknown): never {
  throw new TriggerError('invalid-trigger', path, `expected ${expected}, got ${show(got)}`)
}

/** A short, safe rendering of any value for a message. */
export function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(excerpt(value))
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value)
    case 'undefined':
      return 'nothing'
    case 'object':
      if (value === null) return 'null'
      return Array.isArray(value) ? `an array of ${value.length}` : 'an object'
    default:
      return `a ${typeof value}`
  }
}

/** The text itself, cut to a length that fits a message. */
export function excerpt(text: string): string {
  return text.length <= MAX_EXCERPT ? text : `${text.slice(0, MAX_EXCERPT)}…`
}
