/**
 * A job as the state holds it: packed while it rests, with some 300 bytes besides its payload, which is half of what all
 * its members take. One with open runs is at work, and is kept as it is, with the definition that its runs share.
 *
 * Invariants:
 * 1. What is packed and unpacked again is equal, member by member.
 * 2. A packed job is a value as well: nothing changes it in place.
 */
import type { JobDefinition } from './definition.ts'
import type { JobCounts, JobState, Outcome } from './job-state.ts'
import { type Policies, policiesOf } from './policies.ts'

export type KeptJob = JobState | PackedJob

interface PackedJob extends Omit<JobState, 'definition' | 'openRuns' | 'last' | 'counts' | keyof Holds> {
  readonly policies: Policies
  readonly trigger: JobDefinition['trigger']
  readonly extras: Extras
  readonly payload: PackedBytes
  readonly holds: Holds
  /** null: `last` is. */
  readonly lastRunId: string | null
  readonly lastOutcome: Outcome
  readonly lastAt: number
  readonly succeeded: number
  readonly troubles: Troubles
}

/** What judges due times, for a job that is paused or was lately. */
type Holds = Pick<JobState, 'paused' | 'heldThrough' | 'coalescedThrough'>

/** What is counted besides success. */
type Troubles = Omit<JobCounts, 'succeeded'>

/** What few jobs have. */
type Extras = Pick<JobDefinition, 'deliver' | 'headers' | 'name' | 'description' | 'labels' | 'metadata'>

/** A text has a character for each byte. */
type PackedBytes = string | Uint8Array

/** An array of bytes costs some 200 bytes besides them, a text 16. Larger ones stay out of the heap, which is limited. */
const MAX_TEXT_BYTES = 1_024

const NO_BYTES = new Uint8Array(0)
const NO_RUNS: readonly never[] = Object.freeze([])
const NO_MEMBERS = Object.freeze({})
const NO_HOLDS: Holds = Object.freeze({ paused: null, heldThrough: null, coalescedThrough: null })
const NO_TROUBLES: Troubles = Object.freeze({ failed: 0, stopped: 0, missed: 0, skipped: 0 })
const NO_EXTRAS: Extras = Object.freeze({
  deliver: null,
  headers: null,
  name: null,
  description: null,
  labels: NO_MEMBERS,
  metadata: NO_MEMBERS,
})

export function keepJob(job: JobState): KeptJob {
  return job.openRuns.length === 0 ? pack(job) : job
}

export function jobOf(kept: KeptJob): JobState {
  return 'definition' in kept ? kept : unpack(kept)
}

function pack(job: JobState): PackedJob {
  const { definition, last } = job
  return {
    jobId: job.jobId,
    incarnation: job.incarnation,
    version: job.version,
    policies: policiesOf(definition),
    trigger: definition.trigger,
    extras: extrasOf(definition),
    payload: packBytes(definition.payload),
    anchor: job.anchor,
    nextFireTime: job.nextFireTime,
    zoneData: job.zoneData,
    decidedThrough: job.decidedThrough,
    decidedCount: job.decidedCount,
    holds: holdsOf(job),
    endedRuns: job.endedRuns,
    addedAt: job.addedAt,
    lastRunId: last === null ? null : last.runId,
    lastOutcome: last === null ? 'succeeded' : last.outcome,
    lastAt: last === null ? 0 : last.at,
    succeeded: job.counts.succeeded,
    troubles: troublesOf(job.counts),
  }
}

function unpack(packed: PackedJob): JobState {
  const { holds, lastRunId, troubles } = packed
  return {
    jobId: packed.jobId,
    incarnation: packed.incarnation,
    version: packed.version,
    definition: definitionOf(packed),
    anchor: packed.anchor,
    nextFireTime: packed.nextFireTime,
    zoneData: packed.zoneData,
    decidedThrough: packed.decidedThrough,
    decidedCount: packed.decidedCount,
    paused: holds.paused,
    heldThrough: holds.heldThrough,
    coalescedThrough: holds.coalescedThrough,
    openRuns: NO_RUNS,
    endedRuns: packed.endedRuns,
    addedAt: packed.addedAt,
    last: lastRunId === null ? null : { runId: lastRunId, outcome: packed.lastOutcome, at: packed.lastAt },
    counts: {
      succeeded: packed.succeeded,
      failed: troubles.failed,
      stopped: troubles.stopped,
      missed: troubles.missed,
      skipped: troubles.skipped,
    },
  }
}

function definitionOf({ policies, trigger, extras, payload }: PackedJob): JobDefinition {
  return {
    task: policies.task,
    deliver: extras.deliver,
    payload: unpackBytes(payload),
    contentType: policies.contentType,
    headers: extras.headers,
    trigger,
    executor: policies.executor,
    name: extras.name,
    description: extras.description,
    labels: extras.labels,
    metadata: extras.metadata,
    misfireGraceMs: policies.misfireGraceMs,
    coalesce: policies.coalesce,
    maxCatchUp: policies.maxCatchUp,
    maxInstances: policies.maxInstances,
    overlap: policies.overlap,
    queueLimit: policies.queueLimit,
    retry: policies.retry,
    timeoutMs: policies.timeoutMs,
    heartbeatTimeoutMs: policies.heartbeatTimeoutMs,
    delivery: policies.delivery,
    keepRuns: policies.keepRuns,
  }
}

function holdsOf({ paused, heldThrough, coalescedThrough }: JobState): Holds {
  const isFree = paused === null && heldThrough === null && coalescedThrough === null
  return isFree ? NO_HOLDS : { paused, heldThrough, coalescedThrough }
}

function troublesOf({ failed, stopped, missed, skipped }: JobCounts): Troubles {
  const hasNone = failed === 0 && stopped === 0 && missed === 0 && skipped === 0
  return hasNone ? NO_TROUBLES : { failed, stopped, missed, skipped }
}

function extrasOf({ deliver, headers, name, description, labels, metadata }: JobDefinition): Extras {
  const hasNone = deliver === null && headers === null && name === null && description === null
  if (hasNone && isEmpty(labels) && isEmpty(metadata)) return NO_EXTRAS
  return { deliver, headers, name, description, labels, metadata }
}

function isEmpty(members: object): boolean {
  for (const _name in members) return false
  return true
}

function packBytes(bytes: Uint8Array): PackedBytes {
  if (bytes.length > MAX_TEXT_BYTES) return bytes
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

function unpackBytes(packed: PackedBytes): Uint8Array {
  if (typeof packed !== 'string') return packed
  if (packed === '') return NO_BYTES
  // Bytes of their own: a run may have them for days, and those of a `Buffer` keep the pool that they were cut from.
  return new Uint8Array(Buffer.from(packed, 'latin1'))
}
