/** Whether a value is JSON within the limits of design §9. */
import { MAX_JSON_DEPTH } from './limits.ts'

export interface JsonProblem {
  readonly expected: string
  readonly came: unknown
  /** Where in the value, like `.lines[2].price`; empty: the value itself, or it as a whole. */
  readonly path: string
}

/**
 * null when the value can be kept as JSON of at most `maxBytes`, without losing anything on the way but members that are
 * undefined. Total: a cycle, a getter that throws, a value of any size or shape is a problem like any other, found after
 * about `maxBytes` of work.
 */
export function jsonProblem(value: unknown, maxBytes: number): JsonProblem | null {
  let text: string | undefined
  try {
    text = JSON.stringify(value, checking(maxBytes)) as string | undefined
  } catch (error) {
    return error instanceof Refused ? error.problem : { expected: 'a JSON value', came: firstLine(error), path: '' }
  }
  if (text === undefined) return { expected: 'a JSON value', came: value, path: '' }
  const bytes = new TextEncoder().encode(text).length
  if (bytes > maxBytes) return tooLarge(maxBytes, `${bytes} bytes`)
  return depthProblem(JSON.parse(text), 0)
}

/** Ends the writing of JSON. */
class Refused extends Error {
  readonly problem: JsonProblem

  constructor(problem: JsonProblem) {
    super(problem.expected)
    this.problem = problem
  }
}

type Replacer = (this: unknown, key: string, member: unknown) => unknown

/**
 * Refuses what JSON has no form for and would leave out, or write as null or {}. Each value takes a byte at least, so a
 * value of few objects that are shared many times ends here as well.
 */
function checking(maxBytes: number): Replacer {
  let left = maxBytes
  /** The objects from the value down to the present one, and the paths of their members. */
  const above: { readonly holder: unknown; readonly path: string }[] = []
  return function check(key, member) {
    left -= typeof member === 'string' ? member.length : 1
    if (left < 0) throw new Refused(tooLarge(maxBytes, 'more'))
    while (above.length > 0 && above.at(-1)?.holder !== this) above.pop()
    const holder = above.at(-1)
    const path = holder === undefined ? '' : memberPath(holder.path, this, key)
    const came = unwritable(member, Array.isArray(this))
    if (came !== null) throw new Refused({ expected: 'a JSON value', came, path })
    if (typeof member === 'object' && member !== null) above.push({ holder: member, path })
    return member
  }
}

function memberPath(path: string, holder: unknown, key: string): string {
  return Array.isArray(holder) ? `${path}[${key}]` : `${path}.${key}`
}

/** What came, for people, when JSON can't say it; null when it can. An object of a class of the user's own can be said. */
function unwritable(value: unknown, inArray: boolean): string | null {
  switch (typeof value) {
    case 'bigint':
      return `the BigInt ${value}`
    case 'function':
      return 'a function'
    case 'symbol':
      return 'a symbol'
    case 'number':
      return Number.isFinite(value) ? null : String(value)
    case 'undefined':
      // Reading it back gives undefined all the same; in an array it would have become null.
      return inArray ? 'undefined' : null
    case 'object': {
      if (value === null || Array.isArray(value)) return null
      if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`
      const tag = Object.prototype.toString.call(value).slice('[object '.length, -1)
      return PLAIN.has(tag) ? null : `${/^[AEIOU]/.test(tag) ? 'an' : 'a'} ${tag}`
    }
    default:
      return null
  }
}

/** A boxed value is written as what is in it. */
const PLAIN: ReadonlySet<string> = new Set(['Object', 'String', 'Number', 'Boolean'])

function tooLarge(maxBytes: number, came: string): JsonProblem {
  return { expected: `at most ${maxBytes} bytes as JSON`, came, path: '' }
}

function depthProblem(value: unknown, depth: number): JsonProblem | null {
  if (typeof value !== 'object' || value === null) return null
  if (depth >= MAX_JSON_DEPTH)
    return { expected: `JSON of at most ${MAX_JSON_DEPTH} levels`, came: 'a deeper value', path: '' }
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__') return { expected: 'no key named __proto__', came: key, path: '' }
    const problem = depthProblem(member, depth + 1)
    if (problem !== null) return problem
  }
  return null
}

/** What was thrown may be anything, and its getters may throw again. */
function firstLine(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown).split('\n', 1)[0] ?? ''
  } catch {
    return 'a value that cannot be written'
  }
}
