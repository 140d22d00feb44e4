/** The reader's rule of design §3, line by line. */
import { describe, expect, test } from 'vitest'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import type { Decided } from '../../src/core/events.ts'
import { Reader, type Verdict } from '../../src/materializer/reader.ts'
import { jobAdded, jobPaused } from '../support/facts.ts'
import {
  announced,
  batch,
  chainAfter,
  EMPTY_CHAIN,
  encoded,
  ownerId,
  stored,
  unknownType,
} from '../support/log-records.ts'

const ONE: readonly Decided[] = [jobAdded()]
const TWO: readonly Decided[] = [jobAdded(), jobPaused()]

const FIRST = encoded(announced(1))
const AFTER_FIRST = chainAfter(EMPTY_CHAIN, [FIRST])
const SECOND = encoded(announced(2))

/** What the rule says of each record, in few words, and where the reader stands then. */
function read(...values: readonly Uint8Array[]): { readonly verdicts: readonly string[]; readonly reader: Reader } {
  const reader = new Reader(createEventCodec())
  const verdicts = stored(values).map((record) => inWords(reader.take(record)))
  return { verdicts, reader }
}

function inWords(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'accepted':
      return `accepted ${verdict.events.map(({ event }) => event.type).join(' ')}`
    case 'announced':
      return `announced ${verdict.event.epoch}`
    case 'kept':
      return 'kept'
    default:
      return `${verdict.kind}: ${verdict.why}`
  }
}

describe('an announcement', () => {
  test('of a higher epoch is taken, and the first one of it wins', () => {
    const other = encoded(announced(1, { owner: ownerId(9) }))
    const { verdicts, reader } = read(FIRST, other)
    expect(verdicts).toEqual(['announced 1', 'ignored: lower-epoch'])
    expect(reader.cursor).toMatchObject({ epoch: 1, owner: ownerId(1), seq: 0, chain: AFTER_FIRST, offset: 2 })
  })

  test('of an epoch far above is taken as well', () => {
    expect(read(FIRST, encoded(announced(7))).verdicts).toEqual(['announced 1', 'announced 7'])
  })

  test('of a lower epoch is ignored', () => {
    expect(read(SECOND, FIRST).verdicts).toEqual(['announced 2', 'ignored: lower-epoch'])
  })

  test('drops what was kept of the owner before it', () => {
    const [added = FIRST, trailer = FIRST] = batch({ epoch: 1, seq: 1 }, AFTER_FIRST, ONE)
    const { verdicts } = read(FIRST, added, SECOND, trailer)
    expect(verdicts).toEqual(['announced 1', 'kept', 'announced 2', 'ignored: lower-epoch'])
  })

  test('of a format that this version does not know stops the reader', () => {
    expect(() => read(FIRST, encoded(announced(2, { format: 2 })))).toThrow(
      expect.objectContaining({ code: 'log-broken', message: expect.stringContaining('offset 1') as string }),
    )
  })
})

describe('a batch', () => {
  test('is accepted with its trailer, whole, and counts one further', () => {
    const values = batch({ epoch: 1, seq: 1 }, AFTER_FIRST, TWO)
    const { verdicts, reader } = read(FIRST, ...values)
    expect(verdicts).toEqual(['announced 1', 'kept', 'kept', 'accepted JobAdded JobPaused BatchCommitted'])
    expect(reader.cursor).toMatchObject({ seq: 1, chain: chainAfter(AFTER_FIRST, values), offset: 4 })
  })

  test('is followed by the next one', () => {
    const values = batch({ epoch: 1, seq: 1 }, AFTER_FIRST, ONE)
    const next = batch({ epoch: 1, seq: 2 }, chainAfter(AFTER_FIRST, values), [jobPaused()])
    expect(read(FIRST, ...values, ...next).verdicts.slice(3)).toEqual(['kept', 'accepted JobPaused BatchCommitted'])
  })

  test('may be empty but for its trailer', () => {
    expect(read(FIRST, ...batch({ epoch: 1, seq: 1 }, AFTER_FIRST, [])).verdicts[1]).toBe('accepted BatchCommitted')
  })

  test('that comes twice counts once', () => {
    const values = batch({ epoch: 1, seq: 1 }, AFTER_FIRST, ONE)
    expect(read(FIRST, ...values, ...values).verdicts.slice(3)).toEqual([
      'ignored: other-batch',
      'ignored: other-batch',
    ])
  })

  test('whose records come twice before its trailer counts once', () => {
    const [added = FIRST, trailer = FIRST] = batch({ epoch: 1, seq: 1 }, AFTER_FIRST, ONE)
    expect(read(FIRST, added, added, trailer).verdicts.slice(1)).toEqual([
      'kept',
      'kept',
      'accepted JobAdded BatchCommitted',
    ])
  })

  test('gives its events by their index, whatever the order of its records', () => {
    const [added = FIRST, paused = FIRST, trailer = FIRST] = batch({ epoch: 1, seq: 1 }, AFTER_FIRST, TWO)
    expect(read(FIRST, paused, added, trailer).verdicts[3]).toBe('accepted JobAdded JobPaused BatchCommitted')
  })

  test('before any announcement is ignored', () => {
    expect(read(...batch({ epoch: 1, seq: 1 }, EMPTY_CHAIN, ONE)).verdicts).toEqual([
      'ignored: other-batch',
      'ignored: other-batch',
    ])
  })

  test('of a lower epoch is ignored', () => {
    const stale = batch({ epoch: 1, seq: 1 }, AFTER_FIRST, ONE)
    expect(read(FIRST, SECOND, ...stale).verdicts.slice(2)).toEqual(['ignored: lower-epoch', 'ignored: lower-epoch'])
  })

  test('of a higher epoch that nobody announced is ignored', () => {
    const early = batch({ epoch: 2, seq: 1 }, AFTER_FIRST, ONE)
    expect(read(FIRST, ...early).verdicts.slice(1)).toEqual(['ignored: other-batch', 'ignored: other-batch'])
  })

  test('that leaves out a sequence number is ignored', () => {
    const ahead = batch({ epoch: 1, seq: 2 }, AFTER_FIRST, ONE)
    expect(read(FIRST, ...ahead).verdicts.slice(1)).toEqual(['ignored: other-batch', 'ignored: other-batch'])
  })

  test('of another owner of the same epoch is dropped', () => {
    const values = batch({ epoch: 1, seq: 1 }, AFTER_FIRST, ONE, { owner: ownerId(9) })
    expect(read(FIRST, ...values).verdicts.slice(1)).toEqual(['kept', 'dropped: other-owner'])
  })

  test('with a record missing is dropped', () => {
    const [added = FIRST, , trailer = FIRST] = batch({ epoch: 1, seq: 1 }, AFTER_FIRST, TWO)
    expect(read(FIRST, added, trailer).verdicts.slice(1)).toEqual(['kept', 'dropped: incomplete'])
  })

  test('with its first record missing is dropped', () => {
    const [, paused = FIRST, trailer = FIRST] = batch({ epoch: 1, seq: 1 }, AFTER_FIRST, TWO)
    expect(read(FIRST, paused, trailer).verdicts.slice(1)).toEqual(['kept', 'dropped: incomplete'])
  })

  test('that says a wrong count is dropped', () => {
    const values = batch({ epoch: 1, seq: 1 }, AFTER_FIRST, TWO, { count: 1 })
    expect(read(FIRST, ...values).verdicts.at(-1)).toBe('dropped: incomplete')
  })

  test('that was decided on another history is dropped', () => {
    const values = batch({ epoch: 1, seq: 1 }, new Uint8Array(32).fill(7), ONE)
    expect(read(FIRST, ...values).verdicts.slice(1)).toEqual(['kept', 'dropped: other-history'])
  })

  test('is judged by its owner first, then by its records, then by its history', () => {
    const wrong = { owner: ownerId(9), count: 5, prev: new Uint8Array(32).fill(7) }
    const last = (over: object): string | undefined =>
      read(FIRST, ...batch({ epoch: 1, seq: 1 }, AFTER_FIRST, ONE, over)).verdicts.at(-1)
    expect(last(wrong)).toBe('dropped: other-owner')
    expect(last({ ...wrong, owner: ownerId(1) })).toBe('dropped: incomplete')
    expect(last({ ...wrong, owner: ownerId(1), count: 1 })).toBe('dropped: other-history')
  })

  test('that was dropped leaves room for the right one under the same number', () => {
    const broken = batch({ epoch: 1, seq: 1 }, AFTER_FIRST, TWO, { count: 1 })
    const right = batch({ epoch: 1, seq: 1 }, AFTER_FIRST, ONE)
    const { verdicts } = read(FIRST, ...broken, ...right)
    expect(verdicts.slice(4)).toEqual(['kept', 'accepted JobAdded BatchCommitted'])
  })

  test('keeps nothing of an own one that was taken without reading it back', () => {
    const codec = createEventCodec()
    const reader = new Reader(codec)
    const [, , stray = FIRST] = batch({ epoch: 1, seq: 1 }, AFTER_FIRST, [...TWO, jobPaused()])
    for (const record of stored([FIRST, stray])) reader.take(record)
    const own = batch({ epoch: 1, seq: 1 }, AFTER_FIRST, [])
    const trailer = codec.decode(own[0] ?? FIRST)
    if (trailer.kind !== 'event' || trailer.event.type !== 'BatchCommitted') throw new Error('no trailer')
    const chain = chainAfter(AFTER_FIRST, own)
    reader.takeOwn(own, trailer.event, chain)
    const next = stored([FIRST, stray, ...own, ...batch({ epoch: 1, seq: 2 }, chain, ONE)]).slice(3)
    expect(next.map((record) => inWords(reader.take(record)))).toEqual(['kept', 'accepted JobAdded BatchCommitted'])
  })
})

describe('other bytes', () => {
  test('that are no event of ours are ignored, and the offset goes on', () => {
    const { verdicts, reader } = read(
      FIRST,
      new Uint8Array(0),
      new TextEncoder().encode('hello'),
      FIRST.subarray(0, 20),
    )
    expect(verdicts.slice(1)).toEqual(['ignored: foreign', 'ignored: foreign', 'ignored: foreign'])
    expect(reader.cursor.offset).toBe(4)
  })

  test('between the records of a batch do it no harm', () => {
    const [added = FIRST, trailer = FIRST] = batch({ epoch: 1, seq: 1 }, AFTER_FIRST, ONE)
    expect(read(FIRST, added, new Uint8Array(3), trailer).verdicts.at(-1)).toBe('accepted JobAdded BatchCommitted')
  })

  test('of an event type that this version does not know stop the reader before it', () => {
    const reader = new Reader(createEventCodec())
    const [first, unknown] = stored([FIRST, unknownType({ epoch: 1, seq: 1, index: 0 })])
    if (first === undefined || unknown === undefined) throw new Error('no records')
    reader.take(first)
    expect(() => reader.take(unknown)).toThrow(expect.objectContaining({ code: 'log-broken' }))
    expect(reader.cursor.offset).toBe(1)
  })

  test('of an unknown type that belong to no batch to come are ignored', () => {
    expect(read(SECOND, unknownType({ epoch: 1, seq: 1, index: 0 })).verdicts[1]).toBe('ignored: lower-epoch')
    expect(read(SECOND, unknownType({ epoch: 2, seq: 5, index: 0 })).verdicts[1]).toBe('ignored: other-batch')
  })

  test('of an unknown type that may announce a later owner stop the reader', () => {
    expect(() => read(FIRST, unknownType({ epoch: 2, seq: 0, index: 0 }))).toThrow(
      expect.objectContaining({ code: 'log-broken' }),
    )
  })
})

test('a reader that begins at a cursor goes on where it stood', () => {
  const values = batch({ epoch: 1, seq: 1 }, AFTER_FIRST, ONE)
  const { reader } = read(FIRST, ...values)
  const second = new Reader(createEventCodec(), reader.cursor)
  const next = batch({ epoch: 1, seq: 2 }, reader.cursor.chain, [jobPaused()])
  const records = stored([FIRST, ...values, ...next]).slice(3)
  expect(records.map((record) => inWords(second.take(record)))).toEqual(['kept', 'accepted JobPaused BatchCommitted'])
})
