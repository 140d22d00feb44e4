/** Who gets what of a group in which others are members too. */
import { expect, test } from 'vitest'
import { joinGroupRequest } from '../../../src/adapters/kafka/group-requests.ts'
import { shareOut } from '../../../src/adapters/kafka/group-share.ts'
import { decodeGeneration, encodeMember } from '../../../src/adapters/kafka/member-data.ts'
import { WireReader, WireWriter } from '../../../src/adapters/kafka/wire.ts'

const TOPIC = 'space.runs.default'
const NOTHING = Buffer.alloc(0)

function ours(id: string, owned: readonly number[], generation = 5) {
  return { id, topics: [TOPIC], userData: Buffer.from(encodeMember({ name: id, owned, generation, warm: [] })) }
}

test('a member of another program gets its share, and ours keep what they have', () => {
  const shares = shareOut([ours('a', [2, 3]), { id: 'b', topics: [TOPIC], userData: NOTHING }], {
    topic: TOPIC,
    partitions: 4,
    nowMs: 0,
  })
  expect([...shares].map(([id, { partitions }]) => [id, partitions])).toEqual([
    ['a', [2, 3]],
    ['b', [0, 1]],
  ])
  expect([...shares.values()].map(({ userData }) => decodeGeneration(userData))).toEqual([6, 6])
})

test('a member that reads something else gets nothing of it, and the others all', () => {
  const members = [ours('a', []), { id: 'b', topics: ['other'], userData: NOTHING }]
  const shares = shareOut(members, { topic: TOPIC, partitions: 3, nowMs: 0 })
  expect([...shares].map(([id, { partitions }]) => [id, partitions])).toEqual([
    ['a', [0, 1, 2]],
    ['b', []],
  ])
})

test.each([
  ['nothing', ''],
  ['a version alone', '0001'],
  ['topics that end early', '00010000000200'],
  ['more topics than there can be', '00017fffffff'],
])('a member that says %s of itself keeps nobody from sharing', (_, metadata) => {
  const member = new WireWriter().string('odd').string(null).bytes(Buffer.from(metadata, 'hex')).written
  const answer = new WireWriter()
    .int32(0)
    .int16(0)
    .int32(3)
    .string('range')
    .string('me')
    .string('me')
    .int32(1)
    .raw(member)
  const times = { sessionTimeoutMs: 1, rebalanceTimeoutMs: 1, waitMs: 1 }
  const join = { groupId: 'g', memberId: 'me', assigners: ['range'], topic: TOPIC, userData: NOTHING, ...times }
  const { members } = joinGroupRequest(join).decode(new WireReader(answer.written))
  expect(members).toEqual([{ id: 'odd', topics: [], userData: NOTHING }])
})
