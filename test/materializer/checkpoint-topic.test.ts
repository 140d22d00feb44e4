/** Checkpoints on the state topic: what a new owner or follower without a state of its own makes of them. */
import { beforeEach, describe, expect, test } from 'vitest'
import { StateTopic } from '../../src/materializer/checkpoint/state-topic.ts'
import { TopicCheckpoints } from '../../src/materializer/checkpoint/topic-checkpoints.ts'
import type { CheckpointManifest } from '../../src/ports/state-codec.ts'
import type { EventLog, StoredRecord } from '../../src/ports/event-log.ts'
import { CheckpointScene } from '../support/checkpoint-scene.ts'
import { compacted, over } from '../support/compacted-log.ts'
import { addJob, given, pauseJob, removeJob, resumeJob, runJob } from '../support/inputs.ts'
import { every } from '../support/moments.ts'

const STATE = { topic: 'state', partition: 0 }
const MINUTE = 60_000
const CADENCE = 10_000

let scene: CheckpointScene
let checkpoints: TopicCheckpoints

beforeEach(async () => {
  scene = new CheckpointScene()
  checkpoints = new TopicCheckpoints(scene.parts)
  await scene.announce()
  checkpoints.own(scene.source)
  await scene.submit(
    addJob({ trigger: every('10s') }, { jobId: 'a' }),
    addJob({ trigger: every('10s') }, { jobId: 'b', envelope: given('x') }),
  )
})

/** The first base. */
async function base(): Promise<void> {
  await scene.clock.advance(MINUTE)
}

/** Something changes, and the next increment is written. */
async function increment(jobId: string): Promise<void> {
  await scene.submit(addJob({}, { jobId, envelope: given(`add ${jobId}`) }))
  await scene.clock.advance(CADENCE)
}

async function restored(log: EventLog = scene.log) {
  return new TopicCheckpoints({ ...scene.parts, log }).restore()
}

async function manifests(): Promise<readonly CheckpointManifest[]> {
  return (await scene.stateRecords()).flatMap(({ key, value }) => {
    if (value === null || key === null || !key.startsWith('manifest/')) return []
    const decoded = scene.stateCodec.decode(value)
    return decoded.kind === 'manifest' ? [decoded.record] : []
  })
}

async function plant(key: string, value: Uint8Array | null, epoch?: number): Promise<number> {
  const headers = epoch === undefined ? [] : [['horolog-epoch', Buffer.from(String(epoch))] as const]
  return (await scene.log.append(STATE, [{ key, value, headers }])).baseOffset
}

const keyed = (records: readonly StoredRecord[]): readonly string[] =>
  records.map(({ key, value }) => `${value === null ? 'end of ' : ''}${key?.split('/')[0]}`)

describe('an owner', () => {
  test('writes a full base a minute after it took over, and nothing before', async () => {
    await scene.clock.advance(MINUTE - 1)
    expect(await scene.stateRecords()).toEqual([])
    await scene.clock.advance(1)
    expect(keyed(await scene.stateRecords())).toEqual(['piece', 'manifest'])
    expect((await manifests())[0]?.parent).toBeNull()
  })

  test('writes an increment ten seconds later, with what changed and what is gone', async () => {
    await base()
    await scene.submit(runJob({ jobId: 'a' }), removeJob('b'))
    await scene.clock.advance(CADENCE)
    const [first, second] = await manifests()
    expect(second?.parent).toBe(first?.checkpoint)
    const piece = scene.stateCodec.decode((await scene.stateRecords())[2]!.value!)
    if (piece.kind !== 'piece') throw new Error(`a ${piece.kind}`)
    const rows = piece.record.rows.map((row) => scene.stateCodec.decodeRow(row))
    expect(rows.map((row) => (row.kind === 'job' ? `job ${row.row.jobId}` : row.kind))).toEqual([
      'job a',
      'run',
      'partition',
    ])
    expect(piece.record.deleted).toEqual(['job/b'])
  })

  test('writes nothing when nothing happened', async () => {
    await base()
    await scene.clock.advance(20 * CADENCE)
    expect(await manifests()).toHaveLength(1)
  })

  test('writes an increment before its time after 64 MB of events', async () => {
    await base()
    await scene.submit(runJob({ jobId: 'a' }))
    checkpoints.accepted(64 * 1024 * 1024 - 1)
    await checkpoints.idle()
    expect(await manifests()).toHaveLength(1)
    checkpoints.accepted(1)
    await checkpoints.idle()
    expect(await manifests()).toHaveLength(2)
  })

  test('writes a new base when the increments have outgrown it, and ends what was before', async () => {
    await base()
    const [first] = await manifests()
    for (let index = 0; (await manifests()).filter(({ parent }) => parent === null).length < 2; index += 1) {
      await increment(`more-${index}`)
      if (index > 20) throw new Error('no second base')
    }
    const left = await keysLeft()
    expect(left.filter((key) => key.startsWith('manifest/'))).toHaveLength(1)
    expect(left).not.toContain(`manifest/${first?.checkpoint}`)
    expect(scene.canonical((await restored())!.state)).toEqual(await scene.replayed())
  })

  test('writes a new base after a hundred increments', async () => {
    await scene.submit(
      ...Array.from({ length: 200 }, (_, index) => addJob({ trigger: every('1h') }, { jobId: `job-${index}` })),
    )
    await base()
    for (let index = 0; index <= 100; index += 1) {
      await scene.submit(runJob({ jobId: 'unknown', envelope: given(`run ${index}`) }))
      await scene.clock.advance(CADENCE)
    }
    const parents = (await manifests()).map(({ parent }) => parent === null)
    expect(parents.lastIndexOf(true)).toBe(101)
  })

  test('stands on nothing of an ownership before: it begins with a base of its own', async () => {
    await base()
    await scene.announce()
    checkpoints.own(scene.source)
    await scene.submit(runJob({ jobId: 'a' }))
    await base()
    const last = (await manifests()).at(-1)
    expect(last?.parent).toBeNull()
    expect(last?.cursor.epoch).toBe(2)
  })

  test('that was overtaken writes nothing more, also when nobody told it', async () => {
    await base()
    await scene.announce()
    await scene.submit(runJob({ jobId: 'a' }))
    await scene.clock.advance(5 * CADENCE)
    expect(await manifests()).toHaveLength(1)
  })

  test('gives a state as of one moment, whatever is decided while it is written', async () => {
    await scene.submit(
      ...Array.from({ length: 300 }, (_, index) =>
        addJob({ payload: new Uint8Array(2_000).fill(index) }, { jobId: `large-${index}` }),
      ),
    )
    const asOf = await scene.replayed()
    const busy = new TopicCheckpoints({ ...scene.parts, log: meddling(scene) })
    checkpoints.release()
    busy.own(scene.source)
    await base()
    await busy.idle()
    expect((await manifests())[0]?.pieces.length).toBeGreaterThan(1)
    expect(await scene.replayed()).not.toEqual(asOf)
    expect(scene.canonical((await restored())!.state)).toEqual(asOf)
    expect(await scene.goneOnFrom(await restored())).toEqual(await scene.replayed())
  })

  test('names the command ids that it forgot', async () => {
    await base()
    await scene.clock.advance(61 * MINUTE)
    await scene.submit(addJob({}, { jobId: 'late', envelope: given('late') }))
    await scene.clock.advance(CADENCE)
    const piece = scene.stateCodec.decode((await scene.stateRecords())[2]!.value!)
    expect(piece.kind === 'piece' && piece.record.deleted).toEqual(['command/x'])
  })

  test('gives up what it is writing when it is owner no more', async () => {
    const slow = new TopicCheckpoints({
      ...scene.parts,
      log: over(scene.log, {
        append: (to, records) => {
          slow.release()
          return scene.log.append(to, records)
        },
      }),
    })
    checkpoints.release()
    slow.own(scene.source)
    await scene.clock.advance(10 * MINUTE)
    expect(keyed(await scene.stateRecords())).toEqual(['piece'])
  })

  test('ends nothing while its base can not be read back', async () => {
    await plant('piece/old/0', Uint8Array.of(1), 1)
    const lying = over(scene.log, {
      append: async (to, records) => {
        if (records[0]?.key?.startsWith('manifest/')) return { baseOffset: 99, timestamp: scene.now }
        return scene.log.append(to, records)
      },
    })
    const unread = new TopicCheckpoints({ ...scene.parts, log: lying })
    checkpoints.release()
    unread.own(scene.source)
    await base()
    expect(scene.warnings).toEqual([expect.stringContaining("can't be read back")])
    expect(await keysLeft()).toContain('piece/old/0')
  })

  test('tries again with a base when an append failed', async () => {
    let isDown = true
    const flaky = over(scene.log, {
      append: (...args) => (isDown ? Promise.reject(new Error('down')) : scene.log.append(...args)),
    })
    const failing = new TopicCheckpoints({ ...scene.parts, log: flaky })
    checkpoints.release()
    failing.own(scene.source)
    await base()
    expect(scene.warnings).toEqual(['Error: down'])
    isDown = false
    await scene.clock.advance(CADENCE)
    isDown = true
    await increment('c')
    isDown = false
    await increment('d')
    const parents = (await manifests()).map(({ parent }) => parent === null)
    expect(parents).toEqual([true, false])
    expect(scene.canonical((await restored())!.state)).toEqual(await scene.replayed())
  })
})

describe('a restore', () => {
  test('takes base and increments, and the events after them', async () => {
    await base()
    await increment('c')
    await scene.submit(removeJob('a'))
    await scene.clock.advance(CADENCE)
    const found = await restored()
    expect(found?.cursor).toEqual({ ...scene.cursor })
    expect(scene.canonical(found!.state)).toEqual(await scene.replayed())
    await scene.submit(runJob({ jobId: 'b' }), addJob({}, { jobId: 'e' }))
    expect(await scene.goneOnFrom(await restored())).toEqual(await scene.replayed())
  })

  test('finds nothing on an empty topic', async () => {
    expect(await restored()).toBeNull()
  })

  test('reads a compacted topic', async () => {
    await base()
    for (const jobId of ['c', 'd', 'e', 'f', 'g', 'h']) await increment(jobId)
    const found = await restored(compacted(scene.log, 'state'))
    expect(scene.canonical(found!.state)).toEqual(await scene.replayed())
    expect(scene.warnings).toEqual([])
  })

  test('takes the latest by epoch and batch, though an older one was written behind it', async () => {
    await base()
    const [old] = await scene.stateRecords()
    const [zombie] = await manifests()
    await increment('c')
    const offset = await plant('piece/late/0', old!.value, 1)
    const copy = scene.stateCodec.decode(old!.value!)
    if (copy.kind !== 'piece') throw new Error('no piece')
    const value = scene.stateCodec.encode({
      kind: 'manifest',
      record: { ...zombie!, checkpoint: 'late', pieces: [{ ...zombie!.pieces[0]!, offset }] },
    })
    await plant('manifest/late', value, 1)
    const found = await restored()
    expect(found?.state.job('c')).toBeDefined()
    expect(scene.warnings).toEqual([])
  })

  test.for<[string, (manifest: CheckpointManifest) => CheckpointManifest, string]>([
    ['a missing piece', (one) => ({ ...one, pieces: refs(one, { offset: 900 }) }), 'is not at offset 900'],
    ['a piece at the place of another', (one) => ({ ...one, pieces: refs(one, { offset: 0 }) }), 'has other bytes'],
    ['a piece of other bytes', (one) => ({ ...one, pieces: refs(one, { sha256: new Uint8Array(32) }) }), 'other bytes'],
    ['a parent that is not there', (one) => ({ ...one, parent: 'gone' }), 'increment of is not there'],
    ['itself as its parent', (one) => ({ ...one, parent: one.checkpoint }), 'increment of is not there'],
    ['a cursor past the end of the log', (one) => moved(one, { offset: 10_000 }), 'the log ends before offset 10000'],
    ['a batch that the log has not', (one) => moved(one, { chain: new Uint8Array(32) }), 'is another'],
    ['a history that the log has not', (one) => moved(one, { prev: new Uint8Array(32) }), 'is another'],
    ['a batch of another number', (one) => moved(one, { seq: one.cursor.seq + 1 }), 'is another'],
    ['a log of another id', (one) => moved(one, { logId: new Uint8Array(16) }), 'the log has another id'],
    ['another number of partitions', (one) => moved(one, { partitions: 7 }), 'over 7 partitions'],
  ])('passes over a checkpoint with %s, and takes the one before', async ([, damaged, why]) => {
    await base()
    await increment('c')
    const [first, last] = await manifests()
    const record = damaged(last!)
    await plant(`manifest/${last?.checkpoint}`, scene.stateCodec.encode({ kind: 'manifest', record }), 1)
    const found = await restored()
    expect(scene.warnings).toEqual([expect.stringContaining(why)])
    expect(found?.cursor.seq).toBe(first?.cursor.seq)
    expect(await scene.goneOnFrom(found)).toEqual(await scene.replayed())
  })

  test('passes over an increment that stands on a checkpoint of another owner', async () => {
    await base()
    const [first] = await manifests()
    await scene.announce()
    await scene.submit(addJob({}, { jobId: 'c' }))
    await scene.submit(addJob({}, { jobId: 'd' }))
    const { offset: _, batchEnd, ...cursor } = scene.cursor
    const record = { ...first!, checkpoint: 'bad', parent: first!.checkpoint, pieces: [] }
    const place = { ...first!.cursor, ...cursor, offset: batchEnd }
    await plant('manifest/bad', scene.stateCodec.encode({ kind: 'manifest', record: { ...record, cursor: place } }), 2)
    const found = await restored()
    expect(scene.warnings).toEqual(['what it is an increment of is not there'])
    expect(found?.cursor.epoch).toBe(1)
  })

  test('forgets command ids by their age, also one that came again after the base', async () => {
    await scene.submit(removeJob('unknown', given('y')), pauseJob(null, 'a', given('z')))
    await base()
    await scene.clock.advance(30 * MINUTE)
    await scene.submit(resumeJob('a', given('x')))
    await scene.clock.advance(CADENCE)
    const found = await restored()
    await scene.clock.advance(31 * MINUTE)
    await scene.submit(addJob({}, { jobId: 'late', envelope: given('late') }))
    expect(await scene.goneOnFrom(found)).toEqual(await scene.replayed())
    expect([...scene.state.commands()].map(([id]) => id)).toEqual(['x', 'late'])
  })

  test('lets runs share the definition with their job', async () => {
    await scene.submit(runJob({ jobId: 'a' }))
    await base()
    const { state } = (await restored())!
    const [run] = [...state.runs()]
    expect(run?.definition).toBe(state.job('a')?.definition)
  })

  test('goes on behind a whole batch, when the log ended in the middle of one', async () => {
    const halves = await scene.appendedInHalves(
      [addJob({}, { jobId: 'c' }), addJob({}, { jobId: 'd' })],
      async () => await base(),
    )
    expect(halves).toBe(2)
    expect(await scene.goneOnFrom(await restored())).toEqual(await scene.replayed())
    expect(scene.state.job('d')).toBeDefined()
  })

  test('goes back to the beginning of the log when no checkpoint holds', async () => {
    await base()
    for (const { key } of await scene.stateRecords()) if (key?.startsWith('piece/')) await plant(key, null)
    expect(await restored(compacted(scene.log, 'state'))).toBeNull()
    expect(scene.warnings).toHaveLength(1)
  })

  test('is not harmed by a late end of what is older, nor by pieces of a paused owner', async () => {
    await base()
    const [old] = await manifests()
    await scene.announce()
    checkpoints.own(scene.source)
    await scene.submit(removeJob('a'))
    await base()
    await plant('piece/zombie/0', Uint8Array.of(1, 2, 3), 1)
    await plant(`piece/${old?.checkpoint}/0`, null)
    await plant(`manifest/${old?.checkpoint}`, null)
    const found = await restored(compacted(scene.log, 'state'))
    expect(scene.canonical(found!.state)).toEqual(await scene.replayed())
    expect(scene.warnings).toEqual([])
  })

  test('does not take bytes for a manifest that are none', async () => {
    await base()
    await plant('manifest/foreign', Uint8Array.of(0xc3, 0x01, 1, 2, 3))
    await plant('manifest/other', (await scene.stateRecords())[1]!.value, 9)
    expect(await restored()).not.toBeNull()
    expect(scene.warnings).toEqual([])
  })
})

describe('a paused owner that wakes up', () => {
  test('ends nothing of its successor', async () => {
    await base()
    const zombie = new StateTopic(scene.log, scene.stateCodec, 0)
    await scene.announce()
    checkpoints.own(scene.source)
    await scene.submit(removeJob('a'))
    await base()
    await zombie.scan()
    const successor = (await manifests()).at(-1)!.checkpoint
    const doomed = zombie.keysThrough(1, 'none')
    expect(doomed.filter((key) => key.includes(successor))).toEqual([])
  })

  test('leaves what its successor ends with its next base', async () => {
    await base()
    await plant('piece/zombie/0', Uint8Array.of(1), 1)
    await plant('piece/later/0', Uint8Array.of(1), 3)
    await scene.announce()
    checkpoints.own(scene.source)
    await base()
    const left = await keysLeft()
    expect(left).not.toContain('piece/zombie/0')
    expect(left).toContain('piece/later/0')
  })
})

function refs(manifest: CheckpointManifest, over: object): CheckpointManifest['pieces'] {
  return manifest.pieces.map((ref) => ({ ...ref, ...over }))
}

function moved(manifest: CheckpointManifest, over: object): CheckpointManifest {
  return { ...manifest, cursor: { ...manifest.cursor, ...over } }
}

/** Keys that the topic still has a value for. */
async function keysLeft(): Promise<readonly string[]> {
  const values = new Map((await scene.stateRecords()).map(({ key, value }) => [key, value]))
  return [...values].flatMap(([key, value]) => (key === null || value === null ? [] : [key]))
}

/** The owner decides something with every append to the state topic. */
function meddling(of: CheckpointScene): EventLog {
  let count = 0
  return over(of.log, {
    append: async (to, records) => {
      count += 1
      await of.submit(removeJob(`large-${count * 7}`), addJob({}, { jobId: `large-${count * 11}` }))
      return of.log.append(to, records)
    },
  })
}
