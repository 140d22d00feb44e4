/**
 * The token of an attempt: base64url of HMAC-SHA-256 over `<run id>\n<attempt>` (protocol §5). It is derived and never kept:
 * whoever has the key can tell it at any time, and nobody else can.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'

import type { RunTokens } from '../ports/run-tokens.ts'

/** Tokens are made with the first key; those of all keys fit. null: there is no key, so none is sent and none is asked for. */
export function createRunTokens(keys: readonly KeyObject[]): RunTokens | null {
  const [first] = keys
  if (first === undefined) return null
  return {
    token: (runId, attempt) => tokenBy(first, runId, attempt),
    fits(token, runId, attempt) {
      if (token === null) return false
      const given = Buffer.from(token)
      return keys.some((key) => isSame(given, Buffer.from(tokenBy(key, runId, attempt))))
    },
  }
}

/** Takes as long wherever they differ: a forger who measures learns nothing of the right one. */
function isSame(given: Buffer, right: Buffer): boolean {
  return given.length === right.length && timingSafeEqual(given, right)
}

function tokenBy(key: KeyObject, runId: string, attempt: number): string {
  return createHmac('sha256', key).update(`${runId}\n${attempt}`).digest('base64url')
}
