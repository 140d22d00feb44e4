/**
 * Worker processes with their groups on one log in memory, on a virtual clock, and an owner's side that produces runs and
 * control and reads the reports. Every record goes through the log.
 */
import { onTestFinished } from 'vitest'
import { type AppendAttempt, type AppendFate, createMemoryCluster } from '../../src/adapters/memory/memory-log.ts'
import type { MemoryCluster } from '../../src/adapters/memory/memory-log.ts'
import { createVirtualClock, type VirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import { controlRecord } from '../../src/codec/control-record.ts'
import { decodeReport } from '../../src/codec/report-codec.ts'
import { RUN_CODEC } from '../../src/codec/run-codec.ts'
import { runRecord } from '../../src/codec/run-record.ts'
import { partitionOf } from '../../src/core/partition.ts'
import type { Report } from '../../src/core/reports.ts'
import { WorkerNode } from '../../src/executor/group/worker-node.ts'
import { TaskRegistry } from '../../src/executor/task-registry.ts'
import type { RunRequest } from '../../src/ports/dispatcher.ts'
import {
  type EventLog,
  type GroupMember,
  LogError,
  type LogErrorCode,
  type LogRecord,
} from '../../src/ports/event-log.ts'
import type { Outbox } from '../../src/ports/outbox.ts'
import type { ControlRecord } from '../../src/ports/run-codec.ts'
import { T0 } from '../support/moments.ts'
import { type Line, loggerInto } from './executor-scene.ts'

export const TOPIC = 'runs.default'
const BATCH = 1_000

export interface Worker {
  readonly node: WorkerNode
  readonly process: string
  readonly lines: readonly Line[]
  /** Names of the runs whose handler was called, in that order. */
  readonly begun: readonly string[]
  /** Lets the handler of a run return. */
  readonly finish: (name: string) => void
  readonly isAborted: (name: string) => boolean
  /** The offset that the next read of a partition of the runs begins at. */
  readonly readTo: (partition: number) => number
  /** Commits are refused, or taken again. */
  readonly takeCommits: (taken: boolean) => void
  /** Reads are refused, or answered again. */
  readonly takeReads: (taken: boolean) => void
  /** Reads are answered only then. */
  readonly delayReads: (until: Promise<void>) => void
  /** The group of `default` is about to change: resolves when the member says that it may. */
  readonly rebalance: (withinMs: number) => Promise<void>
  /** It has changed, and the member has these partitions. */
  readonly assign: (partitions: readonly number[]) => void
  /** The outbox refuses reports for good, or sends them again. */
  readonly refuseReports: (code: 'not-authorized' | 'closed' | null) => void
  /** As `kill -9`: it says nothing any more. */
  readonly kill: () => Promise<void>
}

interface WorkerGiven {
  readonly concurrency?: number
  /** Control can't be read before. */
  readonly controlAfter?: Promise<void>
  /** Default true. */
  readonly hasExecutor?: boolean
}

export interface GroupScene {
  readonly cluster: MemoryCluster
  readonly clock: VirtualClock
  readonly log: EventLog
  /** With an executor `default`. */
  readonly worker: (name: string, given?: WorkerGiven) => Promise<Worker>
  /** Appends one record of attempt 1 for each name to partition 0 of the runs, unless told otherwise. */
  readonly runs: (names: readonly string[], over?: Partial<RunRequest>, partition?: number) => Promise<void>
  readonly control: (order: Order) => Promise<void>
  /** As they lie in the reports topic, by partition and offset. */
  readonly reports: () => Promise<Report[]>
  /** Types of a run's reports, in that order. */
  readonly typesOf: (name: string) => Promise<string[]>
  /** What the group of `default` goes on from, by partition. */
  readonly committed: ReadonlyMap<number, number>
}

export type Order =
  | { readonly type: 'CancelRun'; readonly name: string; readonly reason: string | null }
  | { readonly type: 'RunGranted' | 'ClaimRefused'; readonly name: string; readonly executor: string }

export function runIdOf(name: string): string {
  return `hello/1-1-0/${name}`
}

export function groupScene(
  given: { readonly partitions?: number; readonly faults?: (attempt: AppendAttempt) => AppendFate } = {},
): GroupScene {
  const clock = createVirtualClock(T0)
  const cluster = createMemoryCluster({ partitions: 1, now: () => clock.now(), ...given })
  const log = cluster.connect('owner')
  const committed = new Map<number, number>()
  const append = async (topic: string, partition: number, records: readonly LogRecord[]): Promise<void> => {
    for (let at = 0; at < records.length; at += BATCH) {
      await log.append({ topic, partition }, records.slice(at, at + BATCH))
    }
    await clock.settle()
  }
  const reports = async (): Promise<Report[]> => {
    const found: Report[] = []
    for (let partition = 0; partition < cluster.partitions; partition++) {
      const { records } = await log.read({ topic: 'reports', partition }, 0, Number.POSITIVE_INFINITY)
      for (const { value } of records) found.push(decodeReport(value!))
    }
    return found
  }
  return {
    cluster,
    clock,
    log,
    committed,
    worker: async (name, options = {}) => {
      const made = await workerOf(name, cluster.connect(name), clock, committed, options)
      await clock.settle()
      return made
    },
    runs: (names, over = {}, partition = 0) => {
      const records = names.map((name) => runRecord({ ...REQUEST, runId: runIdOf(name), ...over }))
      return append(TOPIC, partition, records)
    },
    control: (order) => append('control', 0, [controlRecord(controlOf(order))]),
    reports,
    typesOf: async (name) => (await reports()).filter(({ runId }) => runId === runIdOf(name)).map(({ type }) => type),
  }
}

const REQUEST: RunRequest = {
  runId: '',
  jobId: 'hello',
  attempt: 1,
  task: 'work',
  deliver: null,
  headers: null,
  payload: new Uint8Array(0),
  contentType: 'application/json',
  scheduledAt: T0,
  dueAt: T0,
  startBefore: null,
  timeoutMs: null,
  heartbeatTimeoutMs: null,
  delivery: 'at-least-once',
  executor: 'default',
  partition: 0,
  epoch: 1,
  again: false,
}

function controlOf({ name, ...order }: Order): ControlRecord {
  return { ...order, runId: runIdOf(name), attempt: 1, at: T0 }
}

async function workerOf(
  name: string,
  connected: EventLog,
  clock: VirtualClock,
  committed: Map<number, number>,
  { concurrency = 10, controlAfter = Promise.resolve(), hasExecutor = true }: WorkerGiven,
): Promise<Worker> {
  const lines: Line[] = []
  const watched = watchedLog(connected, committed, controlAfter)
  const handlers = heldRuns()
  const tasks = new TaskRegistry()
  tasks.add('work', handlers.work)
  tasks.add('quick', ({ run }) => handlers.begun.push(nameOf(run.runId)))
  const process = `${name}:1:aa`
  const { outbox, refuseReports } = outboxOver(connected, clock)
  const logger = loggerInto(lines)
  const node = new WorkerNode({ log: watched.log, outbox, codec: RUN_CODEC, clock, logger, tasks, process })
  onTestFinished(async () => {
    await connected.close()
    await node.drain(clock.now())
  })
  if (hasExecutor) await node.add('default', { concurrency })
  return { ...handlers, ...watched, node, process, lines, refuseReports, kill: () => connected.close() }
}

type Handlers = Pick<Worker, 'finish' | 'isAborted'> & {
  readonly begun: string[]
  readonly work: (context: { readonly signal: AbortSignal; readonly run: { readonly runId: string } }) => Promise<null>
}

function heldRuns(): Handlers {
  const begun: string[] = []
  const open = new Map<string, { readonly end: () => void; readonly signal: AbortSignal }>()
  return {
    begun,
    finish: (name) => open.get(name)?.end(),
    isAborted: (name) => open.get(name)?.signal.aborted ?? false,
    work: ({ signal, run }) => {
      begun.push(nameOf(run.runId))
      return new Promise((resolve) => open.set(nameOf(run.runId), { end: () => resolve(null), signal }))
    },
  }
}

type Watched = Pick<Worker, 'readTo' | 'takeCommits' | 'takeReads' | 'delayReads' | 'rebalance' | 'assign'> & {
  readonly log: EventLog
}

/** Passes everything on, notes what is read and committed, and can refuse both. */
function watchedLog(log: EventLog, committed: Map<number, number>, controlAfter: Promise<void>): Watched {
  const read = new Map<number, number>()
  let takingCommits = true
  let takingReads = true
  let delay = Promise.resolve()
  let joined: GroupMember | null = null
  const refused = (): LogError => new LogError('unavailable', 'refused by the test', { retryable: true })
  return {
    readTo: (partition) => read.get(partition) ?? 0,
    takeCommits: (taken) => void (takingCommits = taken),
    takeReads: (taken) => void (takingReads = taken),
    delayReads: (until) => void (delay = until),
    rebalance: async (withinMs) => joined?.rebalancing?.(withinMs),
    assign: (partitions) => joined?.assigned({ partitions, generation: 2 }),
    log: {
      partitions: log.partitions,
      append: (to, records) => log.append(to, records),
      end: async (of) => {
        if (!takingReads) throw refused()
        return log.end(of)
      },
      watch: (place, listener) => log.watch(place, listener),
      close: () => log.close(),
      read: async (from, offset, maxBytes) => {
        if (from.topic === 'control') await controlAfter
        if (!takingReads) throw refused()
        const result = await log.read(from, offset, maxBytes)
        await delay
        if (from.topic === TOPIC) read.set(from.partition, result.next)
        return result
      },
      join: async (member, group) => {
        joined = member
        const membership = await log.join(member, group)
        return {
          ...membership,
          commit: async (positions) => {
            if (!takingCommits) throw refused()
            await membership.commit(positions)
            for (const [partition, position] of positions) committed.set(partition, position)
          },
        }
      },
    },
  }
}

const OUTBOX_RETRY_MS = 100

/** Tries again what may pass. */
function outboxOver(log: EventLog, clock: VirtualClock): Pick<Worker, 'refuseReports'> & { readonly outbox: Outbox } {
  let refusal: LogErrorCode | null = null
  return {
    refuseReports: (code) => void (refusal = code),
    outbox: {
      close: async () => {},
      async send({ topic, partition, spreadBy, key, value, headers }) {
        const place = { topic, partition: partition ?? partitionOf(spreadBy ?? key ?? '', log.partitions) }
        for (;;) {
          if (refusal !== null) throw new LogError(refusal, 'refused by the test')
          try {
            await log.append(place, [{ key, value, headers }])
            return
          } catch (error) {
            if (!(error instanceof LogError) || !error.retryable) throw error
          }
          await new Promise<void>((resolve) => clock.schedule(clock.now() + OUTBOX_RETRY_MS, resolve))
        }
      },
    },
  }
}

function nameOf(runId: string): string {
  return runId.slice(runId.lastIndexOf('/') + 1)
}
