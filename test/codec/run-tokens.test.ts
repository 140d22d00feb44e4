/** The token of an attempt, which anybody who has the key can compute from docs/protocol.md. */
import { createSecretKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createRunTokens } from '../../src/codec/run-tokens.ts'

const RUN = 'hello/1-2-0/20270101T090000.000Z'
const KEY = '0123456789abcdef'
const OTHER_KEY = 'fedcba9876543210'

function tokens(...keys: readonly string[]) {
  const made = createRunTokens(keys.map((key) => createSecretKey(Buffer.from(key))))
  if (made === null) throw new Error('there are no tokens')
  return made
}

describe('the token of an attempt', () => {
  test('is the base64url HMAC-SHA-256 of run id, line break and attempt', () => {
    expect(tokens(KEY).token(RUN, 1)).toBe('XvFVmhWCrS1yW2C2sEAzXTToYs92mXHcNAqUhX1Z-KU')
    expect(tokens(KEY).token(RUN, 2)).toBe('WE3LpAMrXPvgMjkT1wC55r-pbO2VWFF0mwPAMX2IyDA')
  })

  test('fits no other attempt, no other run and no other key', () => {
    const token = tokens(KEY).token(RUN, 1)
    expect(tokens(KEY).fits(token, RUN, 1)).toBe(true)
    expect(tokens(KEY).fits(token, RUN, 2)).toBe(false)
    expect(tokens(KEY).fits(token, `${RUN}/again`, 1)).toBe(false)
    expect(tokens(OTHER_KEY).fits(token, RUN, 1)).toBe(false)
  })

  test.each([null, '', 'x', 'é'.repeat(43), 'a'.repeat(43), 'a'.repeat(5_000)])('is not %j', (given) => {
    expect(tokens(KEY).fits(given, RUN, 1)).toBe(false)
  })

  test('is made with the first key, and fits with any', () => {
    const both = tokens(OTHER_KEY, KEY)
    expect(both.token(RUN, 1)).toBe(tokens(OTHER_KEY).token(RUN, 1))
    expect(both.fits(tokens(KEY).token(RUN, 1), RUN, 1)).toBe(true)
  })

  test('is not there without a key', () => {
    expect(createRunTokens([])).toBe(null)
  })
})
