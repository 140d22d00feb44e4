/** When the last input of a topic was decided, as the events on the log tell it. */
import { describe, expect, test } from 'vitest'
import { createMemoryCluster } from '../../src/adapters/memory/memory-log.ts'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import { decidedAt } from '../../src/materializer/decided-at.ts'
import { announced, batch, encoded, EMPTY_CHAIN } from '../support/log-records.ts'

const EVENTS = { topic: 'events', partition: 0 }
const BEGIN = 1_000

/** A log whose batches, one a millisecond, were handled as far as these say; and after them so many announcements. */
async function scene(commandsThrough: readonly number[], announcements = 0) {
  let now = BEGIN
  const cluster = createMemoryCluster({ now: () => now })
  const log = cluster.connect('owner')
  const append = async (values: readonly Uint8Array[]): Promise<void> => {
    await log.append(
      EVENTS,
      values.map((value) => ({ key: null, value })),
    )
    now += 1
  }
  for (const [seq, through] of commandsThrough.entries())
    await append(batch({ epoch: 1, seq }, EMPTY_CHAIN, [], { commandsThrough: through }))
  const announcement = encoded(announced(2))
  for (let left = announcements; left > 0; left -= 1) await append([announcement])
  const asked = { log, codec: createEventCodec(), partition: 0, topic: 'commands' as const }
  return { cluster, asked: { ...asked, end: await log.end(EVENTS) } }
}

describe('the time of the last decision of an input', () => {
  test.each([
    ['which the batches behind it repeat', [1, 4, 7, 7, 7], 0, 2],
    ['behind which only announcements stand', [1, 4, 7], 3, 2],
    ['behind which more stands than is looked through at once', [1, 7, 7], 25_000, 1],
    ['of the topic that it is now, not of the one before', [7, 9, -1, 3, 7], 0, 4],
    ['of which all batches say so', [7, 7, 7], 0, 0],
  ])('is that of the first batch that says so: of one %s', async (_what, throughs, announcements, expected) => {
    const { asked } = await scene(throughs, announcements)
    expect((await decidedAt({ ...asked, through: 7 })) - BEGIN).toBe(expected)
  })

  test('is that of the first batch that is kept, where those before are not', async () => {
    const { cluster, asked } = await scene([7, 7, 7, 7], 10_000)
    cluster.trim(EVENTS, 2)
    expect((await decidedAt({ ...asked, through: 7 })) - BEGIN).toBe(2)
  })

  test('is before all times when no batch says so', async () => {
    const { asked } = await scene([1, 2], 1)
    expect(await decidedAt({ ...asked, through: 7 })).toBe(0)
  })
})
