import { expect, test } from 'vitest'
import { createStateCodec } from '../../src/codec/state-codec.ts'
import { State } from '../../src/core/state.ts'
import { inPieces, type Piece } from '../../src/materializer/checkpoint/pieces.ts'
import { freeze } from '../../src/materializer/checkpoint/state-rows.ts'
import { T0 } from '../support/moments.ts'

const codec = createStateCodec()

async function piecesOf(state: State, deleted: readonly string[], maxBytes: number): Promise<Piece[]> {
  const pieces: Piece[] = []
  for await (const piece of inPieces({ ...freeze(state), deleted }, codec, maxBytes)) pieces.push(piece)
  return pieces
}

test('rows and keys come once each, in pieces that a reader takes', async () => {
  const state = new State()
  for (let index = 0; index < 25_000; index += 1) state.rememberCommand(`c-${index}`, T0)
  const deleted = Array.from({ length: 25_000 }, (_, index) => `job/${index}`)
  const pieces = await piecesOf(state, deleted, 1_000_000)
  const read = pieces.map(({ rows, deleted }, number) => {
    const record = { checkpoint: 'x', number, rows: rows.map(({ value }) => value), deleted }
    return codec.decode(codec.encode({ kind: 'piece', record }))
  })
  const items = read.map((one) => (one.kind === 'piece' ? one.record.rows.length + one.record.deleted.length : 0))
  expect(Math.max(...items)).toBeLessThanOrEqual(10_000)
  expect(new Set(pieces.flatMap(({ rows }) => rows.map(({ key }) => key))).size).toBe(25_001)
  expect(pieces.flatMap((piece) => piece.deleted)).toEqual(deleted)
})

test('a piece is no larger than asked for, unless one row is', async () => {
  const state = new State()
  state.rememberCommand('x'.repeat(300), T0)
  for (let index = 0; index < 100; index += 1) state.rememberCommand(`c-${index}`, T0)
  const sizes = (await piecesOf(state, [], 200)).map(({ rows }) =>
    rows.reduce((sum, { value }) => sum + value.length, 0),
  )
  expect(sizes[0]).toBeGreaterThan(300)
  expect(Math.max(...sizes.slice(1))).toBeLessThanOrEqual(200)
})
