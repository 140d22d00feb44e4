/** A process that only asks, and can't follow the log any more: it says so, and lets nobody wait. */
import { expect, test } from 'vitest'
import type { ListenerEvent } from '../../src/client/listeners.ts'
import { type EventLog, LogError } from '../../src/ports/event-log.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { SchedulerClient } from '../../src/scheduler-client.ts'
import { World } from '../support/world.ts'

test('a client whose log is found damaged rejects the commands that wait, and those that come', async () => {
  const world = new World({ topics: true })
  let isDamaged = false
  const damaged = (log: EventLog): EventLog => ({
    partitions: log.partitions,
    append: (to, records) => log.append(to, records),
    read: async (from, offset, maxBytes) => {
      if (isDamaged && from.topic === 'events') throw new LogError('corrupt', 'it is damaged')
      return log.read(from, offset, maxBytes)
    },
    end: (of) => log.end(of),
    watch: (partition, listener) => log.watch(partition, listener),
    join: (member, group) => log.join(member, group),
    close: () => log.close(),
  })
  await world.node('owner', { roles: ['owner'] })
  const client = await world.node('client', { roles: [], log: damaged })
  isDamaged = true
  const from = world.clock.now()
  const asked = client.client.addJob({ id: 'job', task: 'greet' })
  await expect(world.pass(asked)).rejects.toMatchObject({ code: 'unknown-outcome', message: /it is damaged/ })
  await expect(client.client.pauseJob('job')).rejects.toMatchObject({ code: 'log-failed' })
  expect(world.clock.now() - from).toBeLessThan(1_000)
})

test('a client tells its listeners that its log failed, unless it was closed before', async () => {
  const world = new World({ topics: true })
  const told: ListenerEvent[] = []
  const clients = await Promise.all(
    ['open', 'closed'].map(async (name) => {
      const { local } = await world.node(name, { roles: [] })
      const failure = Promise.withResolvers<Error>()
      const client = new SchedulerClient(local, world.clock, SILENT, failure.promise)
      client.on('SchedulerFailed', (event) => told.push(event))
      return { client, fail: failure.resolve }
    }),
  )
  await world.pass(clients[1]!.client.close())
  const error = new Error('the log failed')
  for (const { fail } of clients) fail(error)
  await world.quiet()
  expect(told).toEqual([{ type: 'SchedulerFailed', error }])
})
