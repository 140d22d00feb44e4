/**
 * Options as a flat record with dotted keys under a prefix, as from an ini file or the environment:
 * `horolog.executors.default.concurrency = 20`. Equal in effect to the object with the same members.
 */
import { hintAt } from '../core/nearest-name.ts'
import { OptionError } from './option-error.ts'

export const DEFAULT_PREFIX = 'horolog.'

/** Options that are numbers; all others that come as text are texts, durations among them. */
const NUMBERS: ReadonlySet<string> = new Set([
  'concurrency',
  'maxInstances',
  'maxCatchUp',
  'queueLimit',
  'keepRuns',
  'maxAttempts',
  'multiplier',
  'jitter',
])
const LISTS: ReadonlySet<string> = new Set(['nonRetryable'])
/** Letters of a prefix that are wrong: with more it is another word, as it is when the prefix is short. */
const MAX_SLIPS = 2
const MIN_CHARS = 6
const NOTHING: ReadonlySet<string> = new Set(['', 'none', 'null'])

/**
 * Keys without the prefix are not ours. Throws `OptionError` for a text that should be a number, and for a key whose first
 * part looks like the prefix and isn't.
 */
export function unflatten(flat: Readonly<Record<string, unknown>>, prefix: string = DEFAULT_PREFIX): object {
  const options: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(flat)) {
    if (!key.startsWith(prefix)) {
      mustBeOfOthers(key, prefix)
      continue
    }
    const path = key.slice(prefix.length).split('.')
    put(options, path, coerced(path.at(-1) ?? '', value, key), key)
  }
  return options
}

/** A slip in the prefix would leave the option out, and the default in its place. */
function mustBeOfOthers(key: string, prefix: string): void {
  const [first = ''] = key.split('.')
  const name = prefix.replace(/\.$/, '')
  const hint = name.length < MIN_CHARS ? '' : hintAt(first, [name], MAX_SLIPS)
  if (hint !== '') throw new OptionError(key, `an option under '${prefix}'${hint}`, key)
}

function put(into: Record<string, unknown>, path: readonly string[], value: unknown, key: string): void {
  const [name, ...rest] = path
  if (name === undefined || name === '' || name === '__proto__')
    throw new OptionError(key, 'a dotted path of option names', key)
  if (rest.length === 0) {
    into[name] = value
    return
  }
  const inner = (into[name] ??= {})
  if (typeof inner !== 'object' || inner === null)
    throw new OptionError(key, `${name} to have options below it`, typeof inner)
  put(inner as Record<string, unknown>, rest, value, key)
}

function coerced(name: string, value: unknown, key: string): unknown {
  if (typeof value !== 'string') return value
  const text = value.trim()
  if (NUMBERS.has(name)) {
    const number = Number(text)
    if (text === '' || Number.isNaN(number)) throw new OptionError(key, 'a number', value)
    return number
  }
  if (LISTS.has(name)) return text.split(',').map((one) => one.trim())
  return NOTHING.has(text.toLowerCase()) ? null : text
}
