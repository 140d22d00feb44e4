/**
 * Makes a state from the checkpoints on the state topic: the latest by (epoch, seq) that is whole, right and of this log;
 * else the one before; else none, and the log is folded from its beginning.
 */
import type { EventCodec } from '../../ports/event-codec.ts'
import { type EventLog, LogError } from '../../ports/event-log.ts'
import type { CheckpointManifest, StateCodec } from '../../ports/state-codec.ts'
import type { Logger } from '../../ports/telemetry.ts'
import { sameBytes } from '../cursor.ts'
import { nextTurn } from '../settle.ts'
import { cursorOf, cursorProblem } from './checkpoint-cursor.ts'
import type { Restored } from './checkpoint-source.ts'
import { StateBuilder } from './state-rows.ts'
import type { StateTopic } from './state-topic.ts'

export interface TopicRestoreOptions {
  readonly log: EventLog
  readonly eventCodec: EventCodec
  readonly stateCodec: StateCodec
  readonly logger: Logger
  readonly partition: number
}

/** Rejects with `LogError` when the events can't be read; a state topic that can't is as good as none. */
export async function restoreFromTopic(topic: StateTopic, options: TopicRestoreOptions): Promise<Restored | null> {
  const { logger, partition } = options
  try {
    await topic.scan()
  } catch (err) {
    logger.warn({ partition, err }, 'the state topic could not be read')
    return null
  }
  for (const manifest of topic.latestFirst()) {
    const found = await tryRestore(topic, manifest, options)
    if (typeof found !== 'string') return found
    logger.warn({ partition, checkpoint: manifest.checkpoint, why: found }, 'a checkpoint is passed over')
  }
  return null
}

/** Else why not. */
async function tryRestore(
  topic: StateTopic,
  manifest: CheckpointManifest,
  { log, eventCodec, stateCodec, partition }: TopicRestoreOptions,
): Promise<Restored | string> {
  const { cursor } = manifest
  const chain = sinceBase(topic, manifest)
  if (chain === null) return 'what it is an increment of is not there'
  let reading: 'events' | 'state' = 'events'
  try {
    const problem = await cursorProblem(cursor, log, eventCodec, { topic: 'events', partition })
    if (problem !== null) return problem
    reading = 'state'
    const builder = new StateBuilder()
    for (const one of chain) await load(one, { topic, stateCodec, builder })
    return { state: builder.finish(), cursor: cursorOf(cursor), extra: cursor.extra }
  } catch (err) {
    if (err instanceof LogError && reading === 'events') throw err
    return err instanceof Error ? err.message : String(err)
  }
}

/** The checkpoint and those that it stands on, the base first. A parent is of the same owner, and not of a later batch. */
function sinceBase(topic: StateTopic, last: CheckpointManifest): CheckpointManifest[] | null {
  const chain = [last]
  for (let one = last; one.parent !== null;) {
    const parent = topic.manifest(one.parent)
    const isBefore = parent !== undefined && parent.cursor.seq < one.cursor.seq
    if (!isBefore || !sameBytes(parent.cursor.owner, one.cursor.owner)) return null
    chain.push(parent)
    one = parent
  }
  return chain.toReversed()
}

interface Loading {
  readonly topic: StateTopic
  readonly stateCodec: StateCodec
  readonly builder: StateBuilder
}

async function load({ checkpoint, pieces }: CheckpointManifest, loading: Loading): Promise<void> {
  const { topic, stateCodec, builder } = loading
  for (const ref of pieces) {
    const { rows, deleted } = await topic.readPiece(checkpoint, ref)
    for (const key of deleted) builder.delete(key)
    for (const row of rows) builder.put(stateCodec.decodeRow(row))
    await nextTurn()
  }
}
