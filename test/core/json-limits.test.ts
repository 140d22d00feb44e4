import { describe, expect, test } from 'vitest'
import { jsonProblem } from '../../src/core/json-limits.ts'
import { MAX_JSON_DEPTH } from '../../src/core/limits.ts'

const LIMIT = 1_000

function nested(levels: number): unknown {
  return levels === 0 ? 1 : [nested(levels - 1)]
}

/** Two to the power of `levels` values, made of as many objects as levels. */
function shared(levels: number): unknown {
  return levels === 0 ? 1 : ((inner) => [inner, inner])(shared(levels - 1))
}

function cycle(): object {
  const value: Record<string, unknown> = { name: 'loop' }
  value['self'] = value
  return value
}

class Point {
  readonly x: number = 1
}

const throwing = {
  get secret(): string {
    throw new Error('no')
  },
}

describe('JSON is taken', () => {
  test.each([
    ['null', null],
    ['a text at the limit', 'x'.repeat(LIMIT - 2)],
    ['nested values at the limit', nested(MAX_JSON_DEPTH)],
    ['what says itself how it is written', new Date(0)],
    ['members that are undefined, as if they were not there', { a: undefined }],
    ['an object of a class', new Point()],
    ['an object without a prototype', Object.assign(Object.create(null), { x: 1 })],
  ])('%s', (_what, value) => {
    expect(jsonProblem(value, LIMIT)).toBe(null)
  })
})

describe('is no JSON within the limits:', () => {
  test.each([
    ['undefined', undefined, 'a JSON value'],
    ['a function', () => 1, 'a JSON value'],
    ['a BigInt inside', { a: [1n] }, 'a JSON value'],
    ['a cycle', cycle(), 'a JSON value'],
    ['a getter that throws', throwing, 'a JSON value'],
    ['bytes', { file: new Uint8Array(10) }, 'a JSON value'],
    ['NaN', { a: Number.NaN }, 'a JSON value'],
    ['undefined in an array', [undefined], 'a JSON value'],
    ['a hole in an array', Array(1), 'a JSON value'],
    ['a text one byte over the limit', 'x'.repeat(LIMIT - 1), 'at most 1000 bytes as JSON'],
    ['a text that is longer in UTF-8', 'ä'.repeat(LIMIT / 2), 'at most 1000 bytes as JSON'],
    ['too many members', Array.from({ length: LIMIT }, () => 0), 'at most 1000 bytes as JSON'],
    ['one level too many', nested(MAX_JSON_DEPTH + 1), `JSON of at most ${MAX_JSON_DEPTH} levels`],
    ['more levels than the stack holds', nested(9_000), 'at most 1000 bytes as JSON'],
    ['a key named __proto__', JSON.parse('{"a":{"__proto__":1}}'), 'no key named __proto__'],
  ])('%s', (_what, value, expected) => {
    expect(jsonProblem(value, LIMIT)).toMatchObject({ expected })
  })
})

test.each<readonly [unknown, string, string]>([
  [new Map(), '', 'a Map'],
  [{ when: new Set() }, '.when', 'a Set'],
  [{ lines: [{ price: 1 }, { price: 1n }] }, '.lines[1].price', 'the BigInt 1'],
  [[[], [1, () => 1]], '[1][1]', 'a function'],
  [{ a: { b: { c: 1 } }, d: [new Error('no')] }, '.d[0]', 'an Error'],
  [{ toJSON: () => ({ inner: Symbol('x') }) }, '.inner', 'a symbol'],
  [{ a: Infinity }, '.a', 'Infinity'],
])('%o is refused with the place and what came', (value, path, came) => {
  expect(jsonProblem(value, LIMIT)).toEqual({ expected: 'a JSON value', path, came })
})

test('a value that is small in memory and endless as JSON is refused at once', () => {
  expect(jsonProblem(shared(60), 1_000_000)).toMatchObject({ expected: 'at most 1000000 bytes as JSON' })
})

test('a value that is large in memory is refused without writing it', () => {
  expect(jsonProblem(new Uint8Array(100_000_000), LIMIT)).toMatchObject({ came: '100000000 bytes' })
  expect(jsonProblem(new Array(20_000_000).fill(0), LIMIT)).toMatchObject({ expected: 'at most 1000 bytes as JSON' })
})
