/** A million jobs as events on a log, written as an owner does: decided, with a trailer for each batch. */
import { createSeededEntropy } from '../src/adapters/memory/seeded-entropy.ts'
import { createSystemClock } from '../src/adapters/system/system-clock.ts'
import { createEventCodec } from '../src/codec/event-codec.ts'
import { createStateCodec } from '../src/codec/state-codec.ts'
import { step } from '../src/core/engine.ts'
import type { Event } from '../src/core/events.ts'
import { DEFAULT_SETTINGS } from '../src/core/job/resolve-definition.ts'
import { partitionOf } from '../src/core/partition.ts'
import { Overlay, State } from '../src/core/state.ts'
import { PartitionFold } from '../src/materializer/partition-fold.ts'
import type { EventLog } from '../src/ports/event-log.ts'
import { SILENT } from '../src/ports/telemetry.ts'

export const JOBS = 1_000_000
const JOBS_PER_BATCH = 900

const eventCodec = createEventCodec()
export const stateCodec = createStateCodec()
export const clock = createSystemClock()
export const entropy = createSeededEntropy(1)

/** What the checkpoints of a partition are made with. */
export function partsOf(log: EventLog, partition = 0) {
  return { log, stateCodec, eventCodec, clock, entropy, logger: SILENT, partition }
}

export function newFold(log: EventLog, partition = 0): PartitionFold {
  const ignore = (): void => {}
  const place = { log, codec: eventCodec, topicPartition: { topic: 'events', partition }, singleWriter: true }
  return new PartitionFold({ ...place, accepted: ignore, refused: ignore })
}

/** Each job into its partition. */
export async function writeJobs(log: EventLog): Promise<void> {
  const { partitions } = log
  const jobs: number[][] = Array.from({ length: partitions }, () => [])
  for (let job = 0; job < JOBS; job += 1) jobs[partitionOf(jobIdOf(job), partitions)]?.push(job)
  for (const [partition, numbers] of jobs.entries()) await writePartition(log, partition, numbers)
}

async function writePartition(log: EventLog, partition: number, jobs: readonly number[]): Promise<void> {
  const owner = entropy.bytes(16)
  const state = new State()
  let chain: Uint8Array = new Uint8Array(32)
  const append = async (events: readonly Event[]): Promise<void> => {
    const { values } = eventCodec.encode(events)
    chain = eventCodec.chain(chain, values)
    await log.append(
      { topic: 'events', partition },
      values.map((value) => ({ key: null, value })),
    )
  }
  const time = clock.now()
  const logId = entropy.bytes(16)
  const announced = { node: 'bench', generation: 1, partitions: log.partitions, hash: 'murmur2', format: 1, logId }
  await append([{ type: 'OwnerAnnounced', epoch: 1, seq: 0, index: 0, time, owner, ...announced }])
  for (let done = 0, seq = 1; done < jobs.length; done += JOBS_PER_BATCH, seq += 1) {
    const overlay = new Overlay(state)
    const events: Event[] = []
    for (const job of jobs.slice(done, done + JOBS_PER_BATCH)) addJob(overlay, events, job, { epoch: 1, seq })
    const count = events.length
    const progress = { commandsThrough: -1, reportsThrough: -1, dispatchedThrough: { epoch: 0, seq: 0 } }
    const at = { epoch: 1, seq, index: count, time: overlay.lastTime }
    await append([...events, { type: 'BatchCommitted', ...at, owner, count, prev: chain, ...progress }])
  }
}

function jobIdOf(number: number): string {
  return `report-${String(number).padStart(8, '0')}`
}

/** A job of some 250 bytes: an hourly one, with a payload of its own. */
function addJob(overlay: Overlay, into: Event[], number: number, batch: { epoch: number; seq: number }): void {
  const payload = Buffer.from(JSON.stringify({ customer: number, report: 'monthly', format: 'pdf', locale: 'en-GB' }))
  const trigger = { type: 'interval', every: 'PT1H' }
  const command = {
    type: 'AddJob',
    jobId: jobIdOf(number),
    job: { task: 'send-report', payload, trigger },
    ifExists: 'replace',
    commandId: `bench-${number}`,
    commandGiven: false,
    actor: null,
    commandOffset: null,
  } as const
  const liveness = { since: 0, heardOf: () => undefined }
  const [event] = step(
    overlay,
    { kind: 'command', command },
    { batch, now: clock.now(), liveness, settings: DEFAULT_SETTINGS },
    into,
  )
  if (event?.type !== 'JobAdded') throw new Error(`a job was not added: ${JSON.stringify(event)}`)
}
