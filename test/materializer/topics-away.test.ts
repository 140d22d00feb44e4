/** A topic that is not there, or forbidden: what waits for it is repeated, and costs neither the log nor its readers much. */
import { expect, test } from 'vitest'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { LogError } from '../../src/ports/event-log.ts'
import type { Outbox, OutgoingRecord } from '../../src/ports/outbox.ts'
import { type Logger, SILENT } from '../../src/ports/telemetry.ts'
import { json } from '../support/topic-records.ts'
import { World } from '../support/world.ts'

const MINUTE = 60_000

/** A topic of executors that nobody has made. */
function without(topic: string): (outbox: Outbox) => Outbox {
  return (outbox) => ({
    async send(record: OutgoingRecord) {
      if (record.topic === topic) throw new LogError('invalid-record', `there is no topic ${topic}`)
      await outbox.send(record)
    },
    close: () => outbox.close(),
  })
}

function warnings(): { readonly logger: Logger; readonly texts: string[] } {
  const texts: string[] = []
  return { logger: { ...SILENT, warn: (_details: object, text: string) => void texts.push(text) }, texts }
}

/** Counts the reads of events. */
function counting(counted: () => void): (log: EventLog) => EventLog {
  return (log) =>
    new Proxy(log, {
      get(target, name) {
        if (name !== 'read') {
          const member: unknown = Reflect.get(target, name, target)
          return typeof member === 'function' ? member.bind(target) : member
        }
        return (...given: Parameters<EventLog['read']>) => {
          if (given[0].topic === 'events') counted()
          return target.read(...given)
        }
      },
    })
}

test('is warned of once a minute, not for each run that waits for it', async () => {
  const world = new World({ topics: true })
  const { logger, texts } = warnings()
  const a = await world.node('a', { roles: ['owner'], outbox: without('runs.default'), logger })
  for (let index = 0; index < 50; index += 1) await world.pass(a.client.addJob({ id: `job-${index}`, task: 'greet' }))
  await world.advance(3 * MINUTE)
  const said = texts.filter((text) => text === 'effects could not leave, trying again')
  expect(said.length).toBeGreaterThanOrEqual(2)
  expect(said.length).toBeLessThanOrEqual(4)
})

test('has all its runs after another owner took over, which read the events a few times and not once for each batch', async () => {
  const world = new World({ topics: true })
  const a = await world.node('a', { roles: ['owner'], outbox: without('runs.default') })
  const names = Array.from({ length: 1_200 }, (_, index) => `job-${index}`)
  await world.pass(a.client.addJob({ id: 'hourly', task: 'greet', trigger: interval('1h') }))
  for (const id of names) await world.pass(a.client.addJob({ id, task: 'greet' }))
  a.drop()
  let reads = 0
  const b = await world.node('b', { roles: ['owner'], log: counting(() => (reads += 1)) })
  reads = 0
  await world.advance(MINUTE)
  const records = await world.records('runs.default')
  expect(records).toHaveLength(names.length)
  expect(new Set(records.map(({ key }) => key))).toEqual(new Set(names))
  expect(reads).toBeLessThan(30)
  await world.check(b)
})

test('holds up no answer to what is asked meanwhile, and none is given again when it is there', async () => {
  const world = new World({ topics: true })
  let isAway = true
  const away = without('runs.default')
  const a = await world.node('a', {
    roles: ['owner'],
    outbox: (outbox) => ({
      send: (record) => (isAway ? away(outbox) : outbox).send(record),
      close: () => outbox.close(),
    }),
  })
  await world.pass(a.client.addJob({ id: 'waits', task: 'greet' }))
  await world.produce('commands', { key: 'x', value: json({ type: 'Rubbish' }) })
  await world.advance(MINUTE)
  expect(await world.records('dead-letters')).toHaveLength(1)
  isAway = false
  await world.advance(MINUTE)
  expect(await world.records('runs.default')).toHaveLength(1)
  expect(await world.records('dead-letters')).toHaveLength(1)
  await world.check(a)
})
