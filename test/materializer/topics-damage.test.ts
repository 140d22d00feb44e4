/** Nodes whose log can't be read in one place, because what a broker has there is damaged. */
import { expect, test } from 'vitest'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { type EventLog, LogError } from '../../src/ports/event-log.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { World } from '../support/world.ts'

const HOURLY = { task: 'greet', trigger: interval('1h') }

/** Reads of events fail while `isDamaged` says so. */
const damaged =
  (isDamaged: () => boolean) =>
  (log: EventLog): EventLog => ({
    partitions: log.partitions,
    append: (to, records) => log.append(to, records),
    read: (from, offset, maxBytes) =>
      from.topic === 'events' && isDamaged()
        ? Promise.reject(
            new LogError('corrupt', 'a damaged batch', { retryable: true, position: 'events[0] offset 1' }),
          )
        : log.read(from, offset, maxBytes),
    end: (of) => log.end(of),
    watch: (place, listener) => log.watch(place, listener),
    join: (member, group) => log.join(member, group),
    close: () => log.close(),
  })

test('a follower that meets a damaged batch says so, skips nothing, and goes on when another broker has it whole', async () => {
  const world = new World({ topics: true })
  let isDamaged = false
  const warned: object[] = []
  const logger = { ...SILENT, warn: (details: object) => void warned.push(details) }
  const a = await world.node('a', { roles: ['owner'] })
  const b = await world.node('b', { roles: ['owner'], log: damaged(() => isDamaged), logger })
  await world.quiet()
  isDamaged = true
  await world.pass(a.client.addJob({ id: 'one', ...HOURLY }))
  await world.pass(a.client.addJob({ id: 'two', ...HOURLY }))
  await world.advance(10_000)
  expect(b.client.getJobs()).toEqual([])
  expect([b.partition().mode, b.failures]).toEqual(['following', []])
  expect(warned).toContainEqual(
    expect.objectContaining({ err: expect.objectContaining({ code: 'corrupt' }) as object }),
  )
  isDamaged = false
  await world.advance(5_000)
  expect(b.client.getJobs().map(({ id }) => id)).toEqual(['one', 'two'])
  await world.check(a, b)
})
