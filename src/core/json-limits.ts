/** Whether a value is JSON within the limits of design §9. */
import { MAX_JSON_DEPTH } from './limits.ts'

export interface JsonProblem {
  readonly expected: string
  readonly came: unknown
}

/**
 * null when the value can be kept as JSON of at most `maxBytes`. Total: a cycle, a getter that throws, a value of any
 * size or shape is a problem like any other, found after about `maxBytes` of work.
 */
export function jsonProblem(value: unknown, maxBytes: number): JsonProblem | null {
  let text: string | undefined
  try {
    text = JSON.stringify(value, boundedBy(maxBytes)) as string | undefined
  } catch (error) {
    return error instanceof Refused ? error.problem : { expected: 'a JSON value', came: firstLine(error) }
  }
  if (text === undefined) return { expected: 'a JSON value', came: value }
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

/** Each value takes a byte at least, so a value of few objects that are shared many times ends here as well. */
function boundedBy(maxBytes: number): (key: string, member: unknown) => unknown {
  let left = maxBytes
  return (_key, member) => {
    left -= typeof member === 'string' ? member.length : 1
    if (left < 0) throw new Refused(tooLarge(maxBytes, 'more'))
    if (typeof member === 'bigint') throw new Refused({ expected: 'a JSON value', came: `the BigInt ${member}` })
    if (ArrayBuffer.isView(member)) throw new Refused({ expected: 'a JSON value', came: `${member.byteLength} bytes` })
    return member
  }
}

function tooLarge(maxBytes: number, came: string): JsonProblem {
  return { expected: `at most ${maxBytes} bytes as JSON`, came }
}

function depthProblem(value: unknown, depth: number): JsonProblem | null {
  if (typeof value !== 'object' || value === null) return null
  if (depth >= MAX_JSON_DEPTH) return { expected: `JSON of at most ${MAX_JSON_DEPTH} levels`, came: 'a deeper value' }
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__') return { expected: 'no key named __proto__', came: key }
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
