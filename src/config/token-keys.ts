/**
 * The keys of the tokens that reports carry: an option, or in the environment `HOROLOG_TOKEN_KEY`, or the name of a file in
 * `HOROLOG_TOKEN_KEY_FILE`.
 *
 * Boundary: gives keys that don't show what they are; no message repeats one.
 */
import { createSecretKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { OptionError } from './option-error.ts'

const KEY_VARIABLE = 'HOROLOG_TOKEN_KEY'
const FILE_VARIABLE = 'HOROLOG_TOKEN_KEY_FILE'
/** A key that is shorter can be guessed from a token that was seen. */
const MIN_BYTES = 16
/** Each is tried for a report that none fits; a change of keys needs two. */
const MAX_KEYS = 4

/**
 * The first makes tokens, all fit; none: there are no tokens. Text holds one key a line, its UTF-8 bytes without the spaces
 * around it; bytes are one key. `given` wins over the environment, and there the key over the file. Throws `OptionError`.
 */
export function tokenKeys(
  given: unknown,
  variables: Readonly<Record<string, string | undefined>> = process.env,
): readonly KeyObject[] {
  const inline = variables[KEY_VARIABLE]
  const file = variables[FILE_VARIABLE]
  if (given !== undefined && given !== null) return keysOf(given, 'tokenKey')
  if (inline !== undefined && inline !== '') return keysOf(inline, KEY_VARIABLE)
  return file === undefined || file === '' ? [] : keysOf(keyFileText(file, FILE_VARIABLE), FILE_VARIABLE)
}

/** What is in a file of keys; `path` is what named it. Throws `OptionError`. */
export function keyFileText(file: string, path: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (err) {
    const code = err instanceof Error && 'code' in err ? String(err.code) : 'another error'
    throw new OptionError(path, 'a file that can be read', code)
  }
}

function keysOf(given: unknown, path: string): readonly KeyObject[] {
  const all: readonly unknown[] = Array.isArray(given) ? given : [given]
  const keys = all.flatMap((one) => bytesOf(one, path))
  if (keys.length < 1 || keys.length > MAX_KEYS) throw new OptionError(path, `1 to ${MAX_KEYS} keys`, keys.length)
  const short = keys.find((key) => key.length < MIN_BYTES)
  if (short !== undefined) throw new OptionError(path, `keys of at least ${MIN_BYTES} bytes`, short.length)
  return keys.map((key) => createSecretKey(key))
}

function bytesOf(given: unknown, path: string): readonly Uint8Array[] {
  if (given instanceof Uint8Array) return [given]
  if (typeof given !== 'string') throw new OptionError(path, 'a text, bytes, or a list of them', typeof given)
  const lines = given.split(/[\r\n]+/).map((line) => line.trim())
  return lines.filter((line) => line !== '').map((line) => Buffer.from(line))
}
