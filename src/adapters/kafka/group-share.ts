/**
 * What the member that leads a join makes of what the others said of themselves: who gets which partitions.
 *
 * Boundary: pure. Members of other programs say nothing to us but what they read; each gets its share as ours do, and is
 * taken for having nothing before.
 */
import { type MemberData, decodeMember, encodeGeneration } from './member-data.ts'
import { assignPartitions } from './sticky-assigner.ts'

export interface JoinedMember {
  readonly id: string
  /** What it wants to read. */
  readonly topics: readonly string[]
  readonly userData: Buffer
}

export interface Share {
  readonly partitions: readonly number[]
  readonly userData: Uint8Array
}

const YEAR_2020_MS = 1_577_836_800_000

/** Of each member; who wants to read something else gets nothing. `nowMs`: epoch milliseconds. */
export function shareOut(
  members: readonly JoinedMember[],
  { topic, partitions, nowMs }: { readonly topic: string; readonly partitions: number; readonly nowMs: number },
): ReadonlyMap<string, Share> {
  const candidates = members.map(({ id, topics, userData }): MemberData & { id: string; wants: boolean } => {
    return { id, wants: topics.includes(topic), ...decodeMember(userData) }
  })
  const seconds = Math.floor((nowMs - YEAR_2020_MS) / 1_000)
  const generation = Math.max(seconds, ...candidates.map((one) => one.generation + 1))
  const userData = encodeGeneration(generation)
  const given = assignPartitions(
    partitions,
    candidates.filter(({ wants }) => wants),
  )
  return new Map(candidates.map(({ id }) => [id, { partitions: given.get(id) ?? [], userData }]))
}
