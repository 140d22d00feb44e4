/** The requests of a consumer group's member: plain data, with what their answers mean. */
import type { Place, WireRequest } from './requests.ts'
import type { JoinedMember, Share } from './group-share.ts'
import { WireReader, WireWriter } from './wire.ts'

const CONSUMER_PROTOCOL = 'consumer'
/** Of the member's and the assignment's bytes. */
const FORMAT = 1
const GROUP_COORDINATOR = 0
/** A group waits for its members; the answer may come a little later than that. */
const GRACE_MS = 5_000

export interface CoordinatorAnswer {
  readonly errorCode: number
  /** `host:port` */
  readonly address: string
}

export function findCoordinatorRequest(groupId: string): WireRequest<CoordinatorAnswer> {
  return {
    apiKey: 10,
    apiVersion: 2,
    apiName: 'FindCoordinator',
    body: new WireWriter().string(groupId).int8(GROUP_COORDINATOR),
    decode(answer) {
      answer.int32()
      const errorCode = answer.int16()
      answer.nullableString()
      answer.int32()
      return { errorCode, address: `${answer.string()}:${answer.int32()}` }
    },
  }
}

export interface JoinRequest {
  readonly groupId: string
  readonly memberId: string
  readonly sessionTimeoutMs: number
  /** So long the others wait for this member. */
  readonly rebalanceTimeoutMs: number
  /** So long it waits for the others. */
  readonly waitMs: number
  /** By which rules it lets partitions be shared out, the best first. The group takes one that all of its members have. */
  readonly assigners: readonly string[]
  readonly topic: string
  readonly userData: Uint8Array
}
export interface JoinAnswer {
  readonly errorCode: number
  readonly generation: number
  readonly leaderId: string
  /** Also with the error that asks to join again under it. */
  readonly memberId: string
  /** For the leader alone. */
  readonly members: readonly JoinedMember[]
}

export function joinGroupRequest(join: JoinRequest): WireRequest<JoinAnswer> {
  const metadata = new WireWriter().int16(FORMAT).int32(1).string(join.topic).bytes(join.userData).int32(0)
  const body = new WireWriter()
  body.string(join.groupId).int32(join.sessionTimeoutMs).int32(join.rebalanceTimeoutMs).string(join.memberId)
  body.string(null).string(CONSUMER_PROTOCOL)
  body.array(join.assigners, (assigner) => body.string(assigner).bytes(metadata.written))
  return {
    apiKey: 11,
    apiVersion: 5,
    apiName: 'JoinGroup',
    body,
    waitMs: join.waitMs + GRACE_MS,
    decode(answer) {
      answer.int32()
      const [errorCode, generation] = [answer.int16(), answer.int32()] as const
      answer.nullableString()
      const [leaderId, memberId] = [answer.string(), answer.string()] as const
      return { errorCode, generation, leaderId, memberId, members: answer.array(() => joinedMember(answer)) }
    },
  }
}

function joinedMember(answer: WireReader): JoinedMember {
  const id = answer.string()
  answer.nullableString()
  const metadata = answer.view(answer.int32())
  let topics: string[] = []
  try {
    const userData = userDataOf(metadata, (reader) => {
      topics = reader.array(() => reader.string())
    })
    return { id, topics, userData }
  } catch (err) {
    // Whatever it is, the others must not be without their partitions for its sake.
    if (err instanceof RangeError) return { id, topics: [], userData: Buffer.alloc(0) }
    throw err
  }
}

function userDataOf(bytes: Buffer, skip: (reader: WireReader) => unknown): Buffer {
  if (bytes.length === 0) return bytes
  const reader = new WireReader(bytes)
  reader.int16()
  skip(reader)
  return reader.bytes()
}

export interface SyncRequest {
  readonly groupId: string
  readonly generation: number
  readonly memberId: string
  readonly topic: string
  /** By member id; empty from who does not lead. */
  readonly assignments: ReadonlyMap<string, Share>
}
export interface SyncAnswer {
  readonly errorCode: number
  readonly partitions: readonly number[]
  readonly userData: Buffer
}

export function syncGroupRequest(sync: SyncRequest): WireRequest<SyncAnswer> {
  const body = new WireWriter()
  body.string(sync.groupId).int32(sync.generation).string(sync.memberId).string(null)
  body.array([...sync.assignments], ([id, { partitions, userData }]) => {
    const assignment = new WireWriter().int16(FORMAT).int32(1).string(sync.topic)
    assignment.array(partitions, (partition) => assignment.int32(partition)).bytes(userData)
    body.string(id).bytes(assignment.written)
  })
  return {
    apiKey: 14,
    apiVersion: 3,
    apiName: 'SyncGroup',
    body,
    decode(answer) {
      answer.int32()
      const errorCode = answer.int16()
      let partitions: number[] = []
      const userData = userDataOf(answer.bytes(), (reader) => {
        const topics = reader.array(() => {
          const topic = reader.string()
          const given = reader.array(() => reader.int32())
          return topic === sync.topic ? given : []
        })
        partitions = topics.flat()
      })
      return { errorCode, partitions, userData }
    },
  }
}

export interface MemberOf {
  readonly groupId: string
  readonly generation: number
  readonly memberId: string
}

export function heartbeatRequest({ groupId, generation, memberId }: MemberOf): WireRequest<number> {
  const body = new WireWriter().string(groupId).int32(generation).string(memberId).string(null)
  return { apiKey: 12, apiVersion: 3, apiName: 'Heartbeat', body, decode: errorCodeOf }
}

export function leaveGroupRequest(groupId: string, memberId: string): WireRequest<number> {
  const body = new WireWriter().string(groupId).string(memberId)
  return { apiKey: 13, apiVersion: 2, apiName: 'LeaveGroup', body, decode: errorCodeOf }
}

function errorCodeOf(answer: WireReader): number {
  answer.int32()
  return answer.int16()
}

/** Answers with the first error code that is not 0, else 0. */
export function commitRequest(
  member: MemberOf,
  topic: string,
  positions: readonly (readonly [partition: number, offset: number])[],
): WireRequest<number> {
  const body = new WireWriter().string(member.groupId).int32(member.generation).string(member.memberId)
  body.int32(1).string(topic)
  body.array(positions, ([partition, offset]) => body.int32(partition).int64(offset).string(null))
  return {
    apiKey: 8,
    apiVersion: 5,
    apiName: 'OffsetCommit',
    body,
    decode(answer) {
      answer.int32()
      const codes = answer.array(() => {
        answer.string()
        return answer.array(() => {
          answer.int32()
          return answer.int16()
        })
      })
      return codes.flat().find((code) => code !== 0) ?? 0
    },
  }
}

export interface CommittedAnswer {
  readonly errorCode: number
  /** -1: nothing was committed. */
  readonly offset: number
}

export function committedRequest(groupId: string, { topic, partition }: Place): WireRequest<CommittedAnswer> {
  const body = new WireWriter().string(groupId).int32(1).string(topic).int32(1).int32(partition)
  return {
    apiKey: 9,
    apiVersion: 4,
    apiName: 'OffsetFetch',
    body,
    decode(answer) {
      answer.int32()
      const found = answer.array(() => {
        answer.string()
        return answer.array(() => {
          answer.int32()
          const offset = answer.int64()
          answer.nullableString()
          return { errorCode: answer.int16(), offset }
        })
      })
      const [first] = found.flat()
      const errorCode = answer.int16()
      return { errorCode: errorCode || (first?.errorCode ?? 0), offset: first?.offset ?? -1 }
    },
  }
}
