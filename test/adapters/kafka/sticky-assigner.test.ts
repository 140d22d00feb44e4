/** Who gets which partition: fair, sticky, and to those that are warm first. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Candidate, assignPartitions } from '../../../src/adapters/kafka/sticky-assigner.ts'
import { decodeGeneration, decodeMember, encodeMember } from '../../../src/adapters/kafka/member-data.ts'

const COUNT = 12
const numbers = fc.array(fc.nat({ max: COUNT + 2 }), { maxLength: COUNT + 3 })
const candidates = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((id) => fc.record({ id: fc.constant(id), owned: numbers, generation: fc.nat(5), warm: numbers })),
    ),
  )

const alone = (id: string, more: Partial<Candidate> = {}): Candidate => ({
  id,
  owned: [],
  generation: 0,
  warm: [],
  ...more,
})

describe('the assigner', () => {
  test('gives every partition to exactly one member, and nobody more than one beyond the others', () => {
    fc.assert(
      fc.property(candidates, fc.integer({ min: 1, max: COUNT }), (members, count) => {
        const given = assignPartitions(count, members)
        const lists = [...given.values()]
        expect(lists.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index))
        const sizes = lists.map((list) => list.length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
        expect([...given.keys()].toSorted()).toEqual(members.map(({ id }) => id).toSorted())
      }),
    )
  })

  test('moves nothing when the members stay the same', () => {
    fc.assert(
      fc.property(candidates, (members) => {
        const given = assignPartitions(COUNT, members)
        const settled = members.map(({ id }) => alone(id, { owned: given.get(id) ?? [], generation: 9 }))
        expect(assignPartitions(COUNT, settled)).toEqual(given)
      }),
    )
  })

  test('takes from a member no more than the newcomer needs', () => {
    const owned = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    const given = assignPartitions(COUNT, [alone('a', { owned, generation: 1 }), alone('b')])
    expect(given.get('a')).toEqual([0, 1, 2, 3, 4, 5])
  })

  test('gives what nobody has to the member that is warm for it', () => {
    const members = [
      alone('a', { owned: [0, 1], generation: 1 }),
      alone('b', { owned: [2, 3], generation: 1, warm: [4, 5] }),
      alone('c', { warm: [4] }),
    ]
    expect(assignPartitions(6, members)).toEqual(
      new Map([
        ['a', [0, 1]],
        ['b', [2, 3]],
        ['c', [4, 5]],
      ]),
    )
    const withoutC = [members[0]!, members[1]!]
    expect(assignPartitions(5, withoutC).get('b')).toEqual([2, 3, 4])
  })

  test('believes the later of two that claim a partition', () => {
    const zombie = alone('a', { owned: [0, 1], generation: 3 })
    const owner = alone('b', { owned: [0], generation: 4 })
    expect(assignPartitions(2, [zombie, owner])).toEqual(
      new Map([
        ['a', [1]],
        ['b', [0]],
      ]),
    )
  })
})

describe('what members say of themselves', () => {
  test('comes back', () => {
    const data = { name: 'host:1', owned: [3, 1], generation: 7, warm: [2] }
    expect(decodeMember(encodeMember(data))).toEqual(data)
  })

  test('is nothing when it is of another make or damaged', () => {
    const nothing = { name: '', owned: [], generation: 0, warm: [] }
    for (const other of ['', 'range', '[]', 'null', '{"owned":"all","generation":-1,"warm":[1.5,"2"],"name":5}']) {
      expect(decodeMember(Buffer.from(other))).toEqual(nothing)
      expect(decodeGeneration(Buffer.from(other))).toBeNull()
    }
  })
})
