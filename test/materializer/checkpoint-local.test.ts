/** The checkpoint in the node's own store: what a restarted process makes of it. */
import { beforeEach, describe, expect, test } from 'vitest'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import type { State } from '../../src/core/state.ts'
import type { Restored } from '../../src/materializer/checkpoint/checkpoint-source.ts'
import { LocalCheckpoint } from '../../src/materializer/checkpoint/local-checkpoint.ts'
import type { StateStore, StoreRow } from '../../src/ports/state-store.ts'
import { CheckpointScene } from '../support/checkpoint-scene.ts'
import { addJob, declareExecutor, given, pauseJob, removeJob, report, runJob } from '../support/inputs.ts'
import { every } from '../support/moments.ts'

const HEAD = 'state/0/head'
const WRITE_BEHIND = 100

let scene: CheckpointScene
let store: StateStore
/** What was given to the store, a write each. */
let writes: (readonly StoreRow[])[]
let local: LocalCheckpoint
let isDown: boolean

beforeEach(async () => {
  scene = new CheckpointScene()
  const memory = createMemoryStore()
  writes = []
  isDown = false
  store = {
    ...memory,
    write: (rows) => {
      if (isDown) return Promise.reject(new Error('disk full'))
      writes.push(rows)
      return memory.write(rows)
    },
  }
  local = new LocalCheckpoint({ ...scene.parts, store })
  await scene.announce()
  await scene.submit(
    addJob({ trigger: every('10s') }, { jobId: 'a' }),
    addJob({ trigger: every('10s'), labels: { team: 'blue' } }, { jobId: 'b', envelope: given('x') }),
    declareExecutor('reports'),
    pauseJob('so', 'b'),
  )
  local.begin(scene.source)
  await written()
  writes = []
})

/** Lets the write-behind do what is due. */
async function written(): Promise<void> {
  local.changed()
  await scene.clock.advance(WRITE_BEHIND)
}

/** What a new process finds. */
function restored(): Promise<Restored | null> {
  return new LocalCheckpoint({ ...scene.parts, store }).restore()
}

async function changeAll(): Promise<void> {
  await scene.clock.advance(10_000)
  scene.fire()
  await scene.commit()
  const [run] = [...scene.state.runs()]
  await scene.submit(
    report('succeeded', run?.runId ?? '', { attempt: 1, executor: 'p', at: scene.now }),
    removeJob('b', given('y')),
    addJob({}, { jobId: 'c', envelope: given('z') }),
  )
}

describe('a local checkpoint', () => {
  test('is the state as of its cursor, from which a fold goes on', async () => {
    await changeAll()
    const before = await restored()
    expect(before?.cursor.offset).toBeLessThan(scene.cursor.offset)
    expect(await scene.goneOnFrom(before)).toEqual(await scene.replayed())
  })

  test('has what changed after its base, and not what is gone', async () => {
    await changeAll()
    await written()
    const after = await restored()
    expect(after?.cursor).toEqual(scene.cursor)
    expect(scene.canonical(after!.state)).toEqual(await scene.replayed())
    expect(after?.state.job('b')).toBeUndefined()
  })

  test('is written a tenth of a second after the first of several batches, in one write with the place', async () => {
    await scene.submit(runJob({ jobId: 'a' }))
    local.changed()
    await scene.clock.advance(WRITE_BEHIND - 1)
    await scene.submit(addJob({}, { jobId: 'd' }))
    local.changed()
    expect(writes).toEqual([])
    await scene.clock.advance(1)
    const written = writes.map((rows) => rows.map(({ key }) => key.replace(/row\/\d+\//, '')))
    const run = expect.stringContaining('state/0/run/a/') as string
    expect(written).toEqual([['state/0/job/a', 'state/0/job/d', run, 'state/0/partition', HEAD]])
    expect((await restored())?.cursor).toEqual(scene.cursor)
  })

  test('writes nothing when nothing happened', async () => {
    await written()
    await scene.clock.advance(60_000)
    expect(writes).toEqual([])
  })

  test('goes on with rows over the same base after a restart', async () => {
    const found = await restored()
    const next = new LocalCheckpoint({ ...scene.parts, store })
    const again = await next.restore()
    expect(scene.canonical(again!.state)).toEqual(scene.canonical(found!.state))
    await scene.refolded(again)
    next.begin(scene.source)
    next.begin(scene.source)
    await scene.clock.advance(10 * WRITE_BEHIND)
    expect(writes).toEqual([])
    await scene.submit(addJob({}, { jobId: 'd' }))
    next.changed()
    await scene.clock.advance(WRITE_BEHIND)
    expect(writes.map((rows) => rows.length)).toEqual([3])
  })

  test('keeps what its owner puts beside the cursor', async () => {
    const extra = new LocalCheckpoint({ ...scene.parts, store })
    extra.begin({ state: scene.state, cursor: scene.cursor, extra: () => Uint8Array.of(7, 8) })
    await scene.clock.advance(WRITE_BEHIND)
    expect((await restored())?.extra).toEqual(Uint8Array.of(7, 8))
  })

  test('writes at its end what is left, and nothing after', async () => {
    await scene.submit(addJob({}, { jobId: 'd' }))
    local.changed()
    await local.close()
    expect((await restored())?.cursor).toEqual(scene.cursor)
    writes = []
    await scene.submit(addJob({}, { jobId: 'e' }))
    local.changed()
    await scene.clock.advance(60_000)
    expect(writes).toEqual([])
  })

  test('begins anew with another state, and has nothing of the one before', async () => {
    await scene.submit(addJob({}, { jobId: 'd' }))
    await written()
    const other = new CheckpointScene()
    await other.announce()
    await other.submit(addJob({}, { jobId: 'only' }))
    local.begin(other.source)
    await scene.clock.advance(WRITE_BEHIND)
    const found = await new LocalCheckpoint({ ...other.parts, store }).restore()
    expect(other.canonical(found!.state)).toEqual(await other.replayed())
  })

  test('begins anew when the state of its source is replaced, also in the middle of a base', async () => {
    const other = new CheckpointScene()
    await other.announce()
    await other.submit(addJob({}, { jobId: 'only' }))
    let current = scene
    let opened = (): void => {}
    const open = new Promise<void>((resolve) => {
      opened = resolve
    })
    const slow: StateStore = { ...store, write: (rows) => open.then(() => store.write(rows)) }
    const writing = new LocalCheckpoint({ ...scene.parts, store: slow })
    const source = {
      get state() {
        return current.state
      },
      get cursor() {
        return current.cursor
      },
      extra: () => new Uint8Array(0),
    }
    writing.begin(source)
    await scene.clock.advance(WRITE_BEHIND)
    current = other
    writing.begin(source)
    opened()
    await scene.clock.advance(10_000)
    const found = await new LocalCheckpoint({ ...other.parts, store }).restore()
    expect(other.canonical(found!.state)).toEqual(await other.replayed())
  })

  test('does not mix partitions', async () => {
    const second = new LocalCheckpoint({ ...scene.parts, store, partition: 10 })
    expect(await second.restore()).toBeNull()
    expect(await new LocalCheckpoint({ ...scene.parts, store, partition: 1 }).restore()).toBeNull()
  })
})

describe('a new base', () => {
  test('takes the place of many rows, which are gone then', async () => {
    await scene.submit(
      ...Array.from({ length: 900 }, (_, index) => addJob({ trigger: every('1h') }, { jobId: `job-${index}` })),
    )
    await written()
    for (let round = 0; (await keys('base')).every((key) => key.includes('base/000000000001/')); round += 1) {
      expect(round).toBeLessThan(40)
      touchAll(scene.state)
      await scene.submit(addJob({}, { jobId: 'c' }), removeJob('c'))
      await written()
    }
    expect((await keys('row')).every((key) => key.includes('row/000000000002/'))).toBe(true)
    expect((await keys('base')).every((key) => key.includes('base/000000000002/'))).toBe(true)
    expect(scene.canonical((await restored())!.state)).toEqual(await scene.replayed())
  })

  test('that was never finished leaves the one before in force', async () => {
    await changeAll()
    await written()
    const asOf = await restored()
    await store.write([{ key: 'state/0/base/000000000002/000000000000', value: Uint8Array.of(1) }])
    expect(await restored()).toEqual(asOf)
  })
})

describe('pieces of a base', () => {
  test('beyond their number are left over from another, and do not count', async () => {
    await store.write([{ key: 'state/0/base/000000000001/000000000001', value: Uint8Array.of(1) }])
    expect(scene.canonical((await restored())!.state)).toEqual(await scene.replayed())
    expect(scene.warnings).toEqual([])
  })
})

describe('a store that fails', () => {
  test('is warned of once, and gets it all when it works again', async () => {
    isDown = true
    await changeAll()
    await written()
    await scene.clock.advance(20_000)
    expect(scene.warnings).toEqual(['Error: disk full'])
    isDown = false
    await scene.clock.advance(20_000)
    const found = await restored()
    expect(found?.cursor).toEqual(scene.cursor)
    expect(scene.canonical(found!.state)).toEqual(await scene.replayed())
  })

  test('in the middle of the first base leaves nothing that counts', async () => {
    const fresh = createMemoryStore()
    const failing = new LocalCheckpoint({
      ...scene.parts,
      store: {
        ...fresh,
        write: (rows) =>
          rows.some(({ key }) => key === HEAD && rows.length > 1)
            ? Promise.reject(new Error('full'))
            : fresh.write(rows),
      },
    })
    failing.begin(scene.source)
    await scene.clock.advance(WRITE_BEHIND)
    expect(await new LocalCheckpoint({ ...scene.parts, store: fresh }).restore()).toBeNull()
  })
})

describe('it is discarded, and the reason said, when', () => {
  /** Why it was. */
  const discarded = async (): Promise<string> => {
    const found = await restored()
    return found === null ? scene.warnings.join() : 'it was restored'
  }

  test('the log ends before its place', async () => {
    scene.cluster.truncate({ topic: 'events', partition: 0 }, 1)
    expect(await discarded()).toContain('the log ends before offset')
  })

  test('the log has another batch at its place', async () => {
    const other = new CheckpointScene()
    other.entropy.bytes(1)
    await other.announce()
    await other.submit(...Array.from({ length: 20 }, () => addJob({}, { jobId: 'a' })))
    expect(await new LocalCheckpoint({ ...other.parts, store }).restore()).toBeNull()
    expect(other.warnings).toEqual(['the log has another id'])
  })

  test('the log was cut and went on otherwise', async () => {
    scene.cluster.truncate({ topic: 'events', partition: 0 }, 1)
    await scene.refolded()
    await scene.submit(...Array.from({ length: 20 }, () => addJob({}, { jobId: 'a' })))
    expect(await discarded()).toContain('is another')
  })

  test('its head is not readable', async () => {
    await store.write([{ key: HEAD, value: Uint8Array.of(0xc3, 0x01, 9) }])
    expect(await discarded()).toContain('expected')
  })

  test('a piece of its base is missing, or is not one', async () => {
    const [piece = ''] = await keys('base')
    const value = await store.get(piece)
    await store.write([{ key: piece, value: null }])
    expect(await discarded()).toContain('it has 0 of 1 pieces')
    scene.warnings.length = 0
    await store.write([{ key: piece, value: value!.slice(0, -1) }])
    expect(await discarded()).toContain('the bytes end before')
  })

  test('a row is not readable', async () => {
    await store.write([{ key: 'state/0/row/000000000001/job/a', value: Uint8Array.of(1, 2) }])
    expect(await discarded()).toContain('expected')
  })

  test('then the next one is whole, and has nothing of it', async () => {
    await store.write([
      { key: HEAD, value: Uint8Array.of(1) },
      { key: 'state/0/row/000000000001/job/stale', value: Uint8Array.of(1) },
    ])
    const next = new LocalCheckpoint({ ...scene.parts, store })
    expect(await next.restore()).toBeNull()
    next.begin(scene.source)
    await scene.clock.advance(WRITE_BEHIND)
    scene.warnings.length = 0
    expect(scene.canonical((await restored())!.state)).toEqual(await scene.replayed())
    expect(scene.warnings).toEqual([])
  })
})

async function keys(kind: 'base' | 'row'): Promise<readonly string[]> {
  return (await store.scan(`state/0/${kind}/`, 100_000)).map(({ key }) => key)
}

function touchAll(state: State): void {
  for (const job of state.jobs()) state.putJob(job)
}
