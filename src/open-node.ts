/** Makes a node of options: opens its logs, and the node over them. */
import { hostname } from 'node:os'
import { createConsoleLogger } from './adapters/system/console-logger.ts'
import { createSystemClock } from './adapters/system/system-clock.ts'
import { createSystemEntropy } from './adapters/system/system-entropy.ts'
import { jobDefaultsInput } from './client/job-options.ts'
import { createRunTokens } from './codec/run-tokens.ts'
import { type LogAddress, maxClockSkewMs, type ResolvedOptions, resolveOptions } from './config/scheduler-options.ts'
import { tokenKeys } from './config/token-keys.ts'
import { parseDurationMs } from './core/triggers/duration.ts'
import { LocalNode } from './local-node.ts'
import { openStores } from './open-stores.ts'
import type { Clock } from './ports/clock.ts'
import { OperationalError } from './ports/operational-error.ts'
import type { Logger } from './ports/telemetry.ts'
import type { SchedulerOptions } from './scheduler.ts'

/** What a process does in a cluster: `owner` decides and fires, `executor` executes runs. */
export type Role = 'owner' | 'executor'
export const ROLES: readonly Role[] = Object.freeze(['owner', 'executor'])

export interface OpenNode {
  readonly node: LocalNode
  readonly clock: Clock
  readonly logger: Logger
  readonly resolved: ResolvedOptions
  /** Resolves when a store failed and can't go on. */
  readonly failure: Promise<Error>
}

/** Rejects with what `Scheduler.open` says; without roles also `unsupported`. */
export async function openNode(given: SchedulerOptions, roles: readonly Role[]): Promise<OpenNode> {
  const resolved = resolveOptions({ ...given, jobDefaults: jobDefaultsInput(given.jobDefaults ?? {}) })
  if (roles.length === 0) for (const address of resolved.stores.values()) mustBeShared(address)
  const { answerTimeout } = given
  const answering = answerTimeout === undefined ? {} : { answerMs: parseDurationMs(answerTimeout, 'answerTimeout') }
  const { maxClockSkew } = given
  const skewing = maxClockSkew === undefined ? {} : { maxClockSkewMs: maxClockSkewMs(maxClockSkew) }
  const clock = given.clock ?? createSystemClock()
  const logger = given.logger ?? createConsoleLogger()
  const { kafka = {}, stateFolder = null, replyTopics = [], deliverTopics = [], registry = null } = given
  const tokens = createRunTokens(tokenKeys(given.tokenKey))
  const decides = roles.includes('owner')
  const opening = { clock, logger, kafka, stateFolder, replyTopics, registry, decides, tokens }
  const stores = await openStores(resolved.stores, opening)
  const failure = Promise.withResolvers<Error>()
  const node = new LocalNode({
    stores,
    roles,
    ...answering,
    ...skewing,
    deliverTopics,
    clock,
    entropy: createSystemEntropy(),
    logger,
    name: `${hostname()}:${process.pid}`,
    settings: resolved.settings,
    executors: resolved.executors,
    failed: failure.resolve,
  })
  try {
    await node.open()
  } catch (error) {
    await node.abandon()
    throw error
  }
  return { node, clock, logger, resolved, failure: failure.promise }
}

function mustBeShared(address: LogAddress): void {
  if (address.kind === 'kafka') return
  const what = address.kind === 'file' ? `the folder ${address.folder}` : 'a log in memory'
  throw new OperationalError('unsupported', `connect: ${what} is one process's own; open it, or use a kafka:// log`)
}
