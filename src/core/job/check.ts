/** Checks of single options. Each returns the value to use, or notes what was expected and what came. */
import { reject, type Rejection, type RejectionCode } from '../rejections.ts'

/** Notes what is wrong; the first problem is the one that is told. */
export interface Problems {
  first: Rejection | null
}

export function note(problems: Problems, code: RejectionCode, path: string, expected: string, came: unknown): void {
  problems.first ??= reject(code, `${path}: expected ${expected}, got ${shown(came)}`, path)
}

const SHOWN_CHARS = 80

/** A value as an error message shows it: one line, bounded. */
export function shown(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > SHOWN_CHARS ? `${value.slice(0, SHOWN_CHARS)}…` : value)
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value === 'function') return 'a function'
  return String(value)
}

export interface Range {
  readonly min: number
  readonly max: number
}

export function whole(problems: Problems, path: string, value: unknown, range: Range, fallback: number): number {
  if (value === undefined || value === null) return fallback
  if (typeof value === 'number' && Number.isInteger(value) && value >= range.min && value <= range.max) return value
  note(problems, 'invalid-option', path, `a whole number from ${range.min} to ${range.max}`, value)
  return fallback
}

export function wholeOrNull(
  problems: Problems,
  path: string,
  value: unknown,
  range: Range,
  fallback: number | null,
): number | null {
  if (value === undefined || value === null) return fallback
  return whole(problems, path, value, range, range.min)
}

export function real(problems: Problems, path: string, value: unknown, range: Range, fallback: number): number {
  if (value === undefined || value === null) return fallback
  if (typeof value === 'number' && value >= range.min && value <= range.max) return value
  note(problems, 'invalid-option', path, `a number from ${range.min} to ${range.max}`, value)
  return fallback
}

export function oneOf<T extends string>(
  problems: Problems,
  path: string,
  value: unknown,
  allowed: readonly T[],
  fallback: T,
): T {
  if (value === undefined || value === null) return fallback
  const found = allowed.find((one) => one === value)
  if (found !== undefined) return found
  note(problems, 'invalid-option', path, `one of ${allowed.map((one) => `'${one}'`).join(', ')}`, value)
  return fallback
}

/** Without lone surrogates, which no record could keep. */
export function text(problems: Problems, path: string, value: unknown, maxChars: number): string | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'string' || value === '') {
    note(problems, 'invalid-option', path, 'a non-empty text', value)
    return null
  }
  if (value.length > maxChars) {
    note(problems, 'limit-exceeded', path, `at most ${maxChars} characters`, `${value.length} characters`)
    return null
  }
  return value.toWellFormed()
}

/** A plain object of texts. */
export function texts(
  problems: Problems,
  path: string,
  value: unknown,
  limits: { readonly entries: number; readonly chars: number },
): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  if (value === undefined || value === null) return Object.freeze(found)
  if (typeof value !== 'object' || Array.isArray(value)) {
    note(problems, 'invalid-option', path, 'an object of texts', value)
    return found
  }
  const entries = Object.entries(value)
  if (entries.length > limits.entries) {
    note(problems, 'limit-exceeded', path, `at most ${limits.entries} entries`, `${entries.length} entries`)
    return found
  }
  for (const [key, one] of entries) {
    if (key === '__proto__' || key === '' || key.length > limits.chars) {
      note(problems, 'invalid-option', path, `keys of 1 to ${limits.chars} characters other than __proto__`, key)
    } else if (typeof one !== 'string' || one.length > limits.chars) {
      note(problems, 'invalid-option', `${path}.${key}`, `a text of at most ${limits.chars} characters`, one)
    } else found[key.toWellFormed()] = one.toWellFormed()
  }
  return Object.freeze(found)
}
