/** The submitter's own headers of a job. */
import { MAX_HEADERS, MAX_HEADERS_BYTES, MAX_NAME_CHARS } from '../limits.ts'
import { note, type Problems } from './check.ts'
import type { Header } from './definition.ts'

const OURS = 'horolog-'
const CONTENT_TYPE = 'content-type'
const PATH = 'job.headers'

/** Names that say something about the job or its payload: they are options, not headers to pass on. */
export function isOwnHeader(name: string): boolean {
  return !name.startsWith(OURS) && name !== CONTENT_TYPE
}

/** A copy: what the caller does to its bytes later must not change what is kept. None: null. */
export function jobHeaders(problems: Problems, given: unknown): readonly Header[] | null {
  if (given === undefined || given === null) return null
  if (!Array.isArray(given)) {
    note(problems, 'invalid-option', PATH, 'an array of names and values', given)
    return null
  }
  if (given.length > MAX_HEADERS) {
    note(problems, 'limit-exceeded', PATH, `at most ${MAX_HEADERS} headers`, `${given.length} headers`)
    return null
  }
  const headers = given.map((one: unknown, index) => header(problems, one, `${PATH}[${index}]`))
  const bytes = headers.reduce((sum, { name, value }) => sum + name.length + value.length, 0)
  if (bytes > MAX_HEADERS_BYTES) {
    note(problems, 'limit-exceeded', PATH, `names and values of at most ${MAX_HEADERS_BYTES} bytes`, `${bytes} bytes`)
  }
  return headers.length === 0 ? null : Object.freeze(headers)
}

const NOTHING: Header = { name: '', value: new Uint8Array(0) }

function header(problems: Problems, given: unknown, path: string): Header {
  const { name, value } = Object(given) as { readonly name?: unknown; readonly value?: unknown }
  if (typeof name !== 'string' || name === '' || name === '__proto__' || name.length > MAX_NAME_CHARS) {
    note(problems, 'invalid-option', `${path}.name`, `a name of 1 to ${MAX_NAME_CHARS} characters`, name)
    return NOTHING
  }
  if (!isOwnHeader(name)) {
    note(problems, 'invalid-option', `${path}.name`, `a name other than ${CONTENT_TYPE} and ${OURS}…`, name)
    return NOTHING
  }
  if (!(value instanceof Uint8Array)) {
    note(problems, 'invalid-option', `${path}.value`, 'bytes', value)
    return NOTHING
  }
  return Object.freeze({ name: name.toWellFormed(), value: new Uint8Array(value) })
}

const NO_TEXTS: Readonly<Record<string, string>> = Object.freeze({})

/** Headers as people and handlers read them: of a name that comes twice the last; bytes that are no UTF-8 become U+FFFD. */
export function headerTexts(headers: readonly Header[] | null): Readonly<Record<string, string>> {
  if (headers === null) return NO_TEXTS
  const decoder = new TextDecoder()
  return Object.freeze(Object.fromEntries(headers.map(({ name, value }) => [name, decoder.decode(value)])))
}
