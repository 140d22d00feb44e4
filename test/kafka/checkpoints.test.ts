/** Checkpoints on a state topic that its broker compacts: what is restored is what the events amount to. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type KafkaLog, openKafkaLog } from '../../src/adapters/kafka/kafka-log.ts'
import { createVirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import { TopicCheckpoints } from '../../src/materializer/checkpoint/topic-checkpoints.ts'
import type { Cursor } from '../../src/materializer/cursor.ts'
import type { StoredRecord } from '../../src/ports/event-log.ts'
import type { CheckpointManifest } from '../../src/ports/state-codec.ts'
import { readAll } from '../contract/event-log.ts'
import { CheckpointScene } from '../support/checkpoint-scene.ts'
import { addJob, given, removeJob, runJob } from '../support/inputs.ts'
import { describeOnKafka, kafkaBrokers } from '../support/kafka/on-kafka.ts'
import { until } from '../support/kafka/until.ts'
import { every, T0 } from '../support/moments.ts'
import { ANY_TIME, COMPACTING, shapedTopics } from './shaped-topics.ts'

const STATE = { topic: 'state', partition: 0 }
const MINUTE = 60_000
const CADENCE = 10_000
/** The cleaner of a broker that is not ours may sleep for fifteen seconds. */
const COMPACTION_MS = 45_000

describeOnKafka('a checkpoint on a topic that is compacted', () => {
  let log: KafkaLog
  let scene: CheckpointScene
  let owned: TopicCheckpoints

  beforeEach(async () => {
    const state = { name: 'state', partitions: 1, settings: { ...ANY_TIME, ...COMPACTING } }
    const namespace = await shapedTopics({ partitions: 1, topics: [state] })
    const clock = createVirtualClock(T0)
    log = await openKafkaLog({ brokers: kafkaBrokers(), namespace, now: () => clock.now() })
    scene = new CheckpointScene(clock, log)
    owned = new TopicCheckpoints(scene.parts)
    await scene.announce()
    owned.own(scene.source)
    await scene.submit(
      addJob({ trigger: every('10s') }, { jobId: 'a' }),
      addJob({ trigger: every('10s') }, { jobId: 'b', envelope: given('x') }),
    )
  })
  afterEach(() => log.close())

  const records = (): Promise<readonly StoredRecord[]> => readAll(log, STATE)

  async function written(afterMs: number): Promise<void> {
    await scene.clock.advance(afterMs)
    await owned.idle()
  }
  const base = (): Promise<void> => written(MINUTE)
  async function increment(jobId: string): Promise<void> {
    await scene.submit(addJob({}, { jobId, envelope: given(`add ${jobId}`) }), runJob({ jobId }))
    await written(CADENCE)
  }

  async function manifests(): Promise<readonly CheckpointManifest[]> {
    return (await records()).flatMap(({ key, value }) => {
      if (value === null || key?.startsWith('manifest/') !== true) return []
      const decoded = scene.stateCodec.decode(value)
      return decoded.kind === 'manifest' ? [decoded.record] : []
    })
  }

  async function plant(key: string, value: Uint8Array | null): Promise<number> {
    const headers = [['horolog-epoch', Buffer.from('1')] as const]
    return (await log.append(STATE, [{ key, value, headers }])).baseOffset
  }

  /** Only what lies before the last segment is compacted: records after a while begin another. */
  async function compacted(isDone: (left: readonly StoredRecord[]) => boolean): Promise<void> {
    await scene.clock.advance(1_000)
    await plant('piece/roll/0', null)
    await scene.clock.advance(1_000)
    await plant('piece/roll/1', null)
    expect(await until(async () => isDone(await records()), COMPACTION_MS), 'the broker compacts the topic').toBe(true)
  }

  const restored = (): ReturnType<TopicCheckpoints['restore']> => new TopicCheckpoints(scene.parts).restore()

  async function isRestoredFrom({ epoch, seq }: Pick<Cursor, 'epoch' | 'seq'>): Promise<void> {
    const found = await restored()
    expect(found?.cursor).toMatchObject({ epoch, seq })
    expect(await scene.goneOnFrom(found)).toEqual(await scene.replayed())
    await scene.submit(runJob({ jobId: 'b' }), removeJob('a'))
    expect(await scene.goneOnFrom(await restored())).toEqual(await scene.replayed())
  }

  test('is restored to the last byte after its predecessors are gone', async () => {
    await base()
    const before = (await records()).map(({ key }) => key)
    const bases = async (): Promise<number> => (await manifests()).filter(({ parent }) => parent === null).length
    for (let count = 0; (await bases()) < 2; count += 1) await increment(`more-${count}`)
    await scene.submit(removeJob('more-0'))
    await increment('last')
    const { cursor } = scene
    await compacted((left) => left.every(({ key, value }) => value === null || !before.includes(key)))
    await isRestoredFrom(cursor)
    expect(scene.warnings).toEqual([])
  })

  test('is not harmed by pieces of an owner that was paused, nor by late ends of what was before', async () => {
    await base()
    const old = (await manifests())[0]!
    await scene.announce()
    owned.own(scene.source)
    await scene.submit(removeJob('a'), addJob({ trigger: every('5s') }, { jobId: 'c' }))
    await base()
    const { cursor } = scene
    const offset = await plant('piece/zombie/0', (await records())[0]?.value ?? null)
    const value = scene.stateCodec.encode({
      kind: 'manifest',
      record: { ...old, checkpoint: 'zombie', pieces: old.pieces.map((ref) => ({ ...ref, offset })) },
    })
    await plant('manifest/zombie', value)
    await plant(`piece/${old.checkpoint}/0`, null)
    await plant(`manifest/${old.checkpoint}`, null)
    await compacted((left) => left.every((record) => record.value === null || !record.key?.includes(old.checkpoint)))
    await isRestoredFrom(cursor)
    expect(scene.warnings).toEqual([])
  })

  test('that lacks a piece, or lies past the end of the log, is passed over for the one before', async () => {
    await base()
    const { cursor } = scene
    await increment('c')
    await increment('d')
    const [, second, third] = await manifests()
    const beyond = { ...third!.cursor, offset: 10_000 }
    const past = { kind: 'manifest', record: { ...third!, parent: null, cursor: beyond } } as const
    await plant(`manifest/${third?.checkpoint}`, scene.stateCodec.encode(past))
    const piece = `piece/${second?.checkpoint}/0`
    await plant(piece, null)
    await compacted((left) => left.every(({ key, value }) => key !== piece || value === null))
    await isRestoredFrom(cursor)
    expect(scene.warnings.slice(0, 2)).toEqual([
      'the log ends before offset 10000',
      expect.stringContaining('is not at offset'),
    ])
  })
})
