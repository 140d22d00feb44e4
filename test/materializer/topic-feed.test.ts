/** A feed over a memory log: what it hands over, and when. */
import { describe, expect, test } from 'vitest'
import { createMemoryCluster } from '../../src/adapters/memory/memory-log.ts'
import { createVirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import { TopicFeed } from '../../src/materializer/topic-feed.ts'
import { type EventLog, LogError } from '../../src/ports/event-log.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { T0 } from '../support/moments.ts'

const PLACE = { topic: 'commands', partition: 0 }

interface Given {
  readonly wrap?: (log: EventLog) => EventLog
  /** Of each record. */
  readonly bytes?: number
  /** Where it begins, and when what stands below was decided. */
  readonly from?: number
  readonly decidedAt?: number
}

async function scene(count: number, { wrap = (log) => log, bytes = 0, from: begin = 0, decidedAt = 0 }: Given = {}) {
  const clock = createVirtualClock(T0)
  const cluster = createMemoryCluster({ now: () => clock.now() })
  const log = cluster.connect('owner')
  const add = async (more: number): Promise<void> => {
    for (let i = 0; i < more; i += 1) await log.append(PLACE, [{ key: null, value: new Uint8Array(bytes) }])
  }
  await add(count)
  const taken: number[] = []
  const lost: (readonly number[])[] = []
  const heard: string[] = []
  const failures: Error[] = []
  const options = {
    log: wrap(log),
    clock,
    logger: SILENT,
    partition: 0,
    failed: (error: Error) => failures.push(error),
  }
  const feed = new TopicFeed(options, {
    topic: 'commands',
    from: begin,
    decidedAt: async () => decidedAt,
    take: async ({ offset }) => {
      taken.push(offset)
      heard.push(`took ${offset}`)
    },
    lost: ({ from, to }) => {
      lost.push([from, to])
      heard.push(`lost ${from}–${to}`)
    },
  })
  return { clock, cluster, log, add, feed, taken, lost, heard, failures }
}

/** The log with other reads. */
function reading(log: EventLog, read: EventLog['read']): EventLog {
  return {
    partitions: 1,
    end: (of) => log.end(of),
    watch: (place, listener) => log.watch(place, listener),
    append: (to, records) => log.append(to, records),
    join: (member) => log.join(member),
    close: () => log.close(),
    read,
  }
}

/** So many turns of the queue of microtasks. */
async function afterTurns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await Promise.resolve()
}

describe('a feed', () => {
  test('hands over no more than may wait for a decision, however small the records are, and goes on when there is room', async () => {
    const { clock, feed, taken } = await scene(5_000)
    feed.start()
    await clock.settle()
    expect(taken).toHaveLength(2_000)
    feed.waiting(1_500, 0)
    await clock.settle()
    expect(taken).toHaveLength(2_500)
    feed.waiting(0, 0)
    await clock.settle()
    feed.waiting(0, 0)
    await clock.settle()
    expect(taken).toEqual([...Array(5_000).keys()])
  })

  test('hands over no more bytes than may wait for a decision, however few the records are', async () => {
    const { clock, feed, taken } = await scene(40, { bytes: 250_000 })
    feed.start()
    await clock.settle()
    expect(taken).toHaveLength(17)
    feed.waiting(16, 4_000_000)
    await clock.settle()
    expect(taken).toHaveLength(18)
    for (let rounds = 0; rounds < 3; rounds += 1) {
      feed.waiting(0, 0)
      await clock.settle()
    }
    expect(taken).toEqual([...Array(40).keys()])
  })

  test('hands over what comes later, each record once', async () => {
    const { clock, feed, taken, add } = await scene(3)
    feed.start()
    await clock.settle()
    await add(3)
    await clock.settle()
    expect(taken).toEqual([0, 1, 2, 3, 4, 5])
  })

  test('hands over nothing after it was stopped', async () => {
    const { clock, feed, taken, add } = await scene(1)
    feed.start()
    await clock.settle()
    feed.stop()
    await add(3)
    feed.waiting(0, 0)
    await clock.settle()
    expect(taken).toEqual([0])
  })

  test('reads again a quarter of a second after the log could not be read, and for ever', async () => {
    let failing = 10
    const { clock, feed, taken, failures } = await scene(2, {
      wrap: (log) =>
        reading(log, async (from, offset, bytes) => {
          failing -= 1
          if (failing >= 0) throw new LogError('unavailable', 'away', { retryable: true })
          return log.read(from, offset, bytes)
        }),
    })
    feed.start()
    await clock.advance(2_499)
    expect(taken).toEqual([])
    await clock.advance(1)
    expect(taken).toEqual([0, 1])
    expect(failures).toEqual([])
  })

  test('says which records are gone, and goes on after them', async () => {
    const { clock, cluster, feed, taken, lost } = await scene(4)
    cluster.trim(PLACE, 3)
    feed.start()
    await clock.settle()
    expect({ lost, taken }).toEqual({ lost: [[0, 3]], taken: [3] })
  })

  test('reads a topic that was made anew from its start, and says what is gone', async () => {
    const { clock, cluster, feed, heard, add } = await scene(4)
    feed.start()
    await clock.settle()
    await clock.advance(1)
    cluster.truncate(PLACE, 0)
    await add(2)
    await clock.settle()
    expect(heard.slice(4)).toEqual(['lost 0–4', 'took 0', 'took 1'])
  })

  test('takes nothing again from a topic that lost its tail, and all that came since', async () => {
    const { clock, cluster, feed, heard, add } = await scene(9)
    feed.start()
    await clock.settle()
    await clock.advance(1)
    cluster.truncate(PLACE, 5)
    await add(3)
    await clock.settle()
    expect(heard.slice(9)).toEqual(['lost 5–9', 'took 5', 'took 6', 'took 7'])
  })

  test.each([
    ['all', T0 - 1, ['lost 0–100', 'took 0', 'took 1', 'took 2']],
    ['nothing', T0, ['lost 3–100']],
  ])(
    'that begins behind the end takes what is later than the last decision: %s',
    async (_what, decidedAt, expected) => {
      const { clock, feed, heard } = await scene(3, { from: 100, decidedAt })
      feed.start()
      await clock.settle()
      expect(heard).toEqual(expected)
    },
  )

  test('says which records can not be read, in their order, and goes on after them', async () => {
    const { clock, feed, heard } = await scene(5, {
      wrap: (log) =>
        reading(log, async (from, offset, bytes) => {
          if (offset >= 3) return log.read(from, offset, bytes)
          const { records } = await log.read(from, offset, bytes)
          return { records: records.slice(0, 1), next: 3, unreadable: { from: 1, to: 3, why: 'a test' } }
        }),
    })
    feed.start()
    await clock.settle()
    expect(heard).toEqual(['took 0', 'lost 1–3', 'took 3', 'took 4'])
  })

  test('reads on when it is told of more at whatever turn its reading ends', async () => {
    for (let turns = 0; turns < 12; turns += 1) {
      let adding: Promise<unknown> | null = null
      const { clock, feed, taken } = await scene(0, {
        wrap: (log) =>
          reading(log, async (from, offset, bytes) => {
            const read = await log.read(from, offset, bytes)
            adding ??= afterTurns(turns).then(() => log.append(PLACE, [{ key: null, value: null }]))
            return read
          }),
      })
      feed.start()
      await clock.settle()
      expect({ turns, taken }).toEqual({ turns, taken: [0] })
    }
  })

  test('ends quietly with its log', async () => {
    const { clock, log, feed, failures } = await scene(1)
    feed.start()
    await log.close()
    await clock.settle()
    expect([failures, clock.nextTimerAt()]).toEqual([[], null])
  })
})
