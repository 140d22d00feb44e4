/** Commands by way of their topic, and who answers them: over whole nodes, and alone over a memory log. */
import { describe, expect, test } from 'vitest'
import { createMemoryCluster } from '../../src/adapters/memory/memory-log.ts'
import { createMemoryOutbox } from '../../src/adapters/memory/memory-outbox.ts'
import { createVirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import { CommandSender } from '../../src/client/command-sender.ts'
import { encodeCommand } from '../../src/codec/command-avro.ts'
import { readCommand } from '../../src/codec/command-record.ts'
import type { Command } from '../../src/core/commands.ts'
import type { Event } from '../../src/core/events.ts'
import { partitionOf } from '../../src/core/partition.ts'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { LogError } from '../../src/ports/event-log.ts'
import type { Outbox } from '../../src/ports/outbox.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { ENVELOPE } from '../support/inputs.ts'
import { T0 } from '../support/moments.ts'
import { World } from '../support/world.ts'

const HOURLY = { task: 'greet', trigger: interval('1h') }
const PARTITIONS = 3

function pauseJob(commandId: string, jobId = 'job'): Command {
  return { type: 'PauseJob', jobId, reason: null, until: null, ...ENVELOPE, commandId }
}

function pauseAll(commandId: string): Command {
  return { type: 'PauseSchedule', reason: null, until: null, ...ENVELOPE, commandId }
}

/** As the owner of a partition would answer. */
function applied(commandId: string): { readonly event: Event } {
  const place = { epoch: 1, seq: 1, index: 0, time: T0 }
  const by = { commandId, commandGiven: true, actor: null, commandOffset: 0 }
  return { event: { type: 'CommandApplied', ...place, ...by, jobId: null, duplicate: false, times: null } }
}

function scene(wrap: (outbox: Outbox) => Outbox = (outbox) => outbox) {
  const clock = createVirtualClock(T0)
  const log = createMemoryCluster({ partitions: PARTITIONS, now: () => clock.now() }).connect('client')
  const outbox = wrap(createMemoryOutbox(log, clock))
  const sender = new CommandSender({ outbox, clock, partitions: PARTITIONS, encode: encodeCommand, logger: SILENT })
  const sent = async (partition: number) => {
    const place = { topic: 'commands', partition }
    const { records } = await log.read(place, 0, 1_000_000)
    return records.map((record) => readCommand({ ...record, ...place }))
  }
  return { clock, outbox, sender, sent }
}

describe('a command that is sent', () => {
  const home = partitionOf('job', PARTITIONS)

  test('goes to the home of its job under its id, and is answered by that partition alone', async () => {
    const { sender, sent } = scene()
    const answer = sender.submit(pauseJob('c-1'))
    let isAnswered = false
    void answer.then(() => (isAnswered = true))
    sender.accepted((home + 1) % PARTITIONS, [applied('c-1')])
    sender.accepted(home, [applied('another')])
    await Promise.resolve()
    expect(isAnswered).toBe(false)
    sender.accepted(home, [applied('c-1')])
    expect(await answer).toMatchObject([{ commandId: 'c-1' }])
    expect(await sent(home)).toMatchObject([{ kind: 'command', command: { commandId: 'c-1', commandGiven: true } }])
  })

  test('without a job goes to all partitions, and is answered when all of them have', async () => {
    const { sender, sent } = scene()
    const answer = sender.submit(pauseAll('c-1'))
    let isAnswered = false
    void answer.then(() => (isAnswered = true))
    for (const partition of [2, 0]) sender.accepted(partition, [applied('c-1')])
    await new Promise((resolve) => setImmediate(resolve))
    expect(isAnswered).toBe(false)
    sender.accepted(1, [applied('c-1')])
    expect(await answer).toHaveLength(PARTITIONS)
    for (const partition of [0, 1, 2]) expect(await sent(partition)).toHaveLength(1)
  })

  test('that nobody answers within a minute may be done or not, and may be asked again', async () => {
    const { clock, sender } = scene()
    const answer = sender.submit(pauseJob('c-1')).catch((error: unknown) => error)
    await clock.advance(60_000)
    expect(await answer).toMatchObject({ code: 'unknown-outcome', retryable: true })
    // Its late answer is nobody's.
    sender.accepted(home, [applied('c-1')])
  })

  test('that can not leave is given up after a minute all the same', async () => {
    const { clock, sender } = scene((outbox) => ({ send: () => new Promise(() => {}), close: () => outbox.close() }))
    const answer = sender.submit(pauseAll('c-1')).catch((error: unknown) => error)
    await clock.advance(60_000)
    expect(await answer).toMatchObject({ code: 'unknown-outcome' })
  })

  test('is told at once when its record is refused', async () => {
    const refused = new LogError('not-authorized', 'no')
    const { sender } = scene((outbox) => ({ ...outbox, send: () => Promise.reject(refused) }))
    await expect(sender.submit(pauseJob('c-1'))).rejects.toMatchObject({ code: 'log-failed', cause: refused })
    await expect(sender.submit(pauseAll('c-2'))).rejects.toMatchObject({ code: 'log-failed' })
  })

  test('that is too large for any record is told so before it leaves', async () => {
    const { sender, sent } = scene()
    const payload = new Uint8Array(1_100_000)
    const command: Command = {
      type: 'AddJob',
      jobId: 'job',
      ifExists: 'replace',
      job: { task: 'x', payload },
      ...ENVELOPE,
    }
    await expect(sender.submit(command)).rejects.toMatchObject({ code: 'invalid-option' })
    expect(await sent(home)).toEqual([])
  })

  test('is told when the process is shut down before the answer, also while its record can not leave', async () => {
    for (const wrap of [undefined, (outbox: Outbox): Outbox => ({ ...outbox, send: () => new Promise(() => {}) })]) {
      const { sender } = scene(wrap)
      const answers = [pauseJob('c-1'), pauseAll('c-2')].map((command) => sender.submit(command))
      sender.close()
      for (const answer of answers) await expect(answer).rejects.toMatchObject({ code: 'closed' })
      await expect(sender.submit(pauseJob('c-3'))).rejects.toMatchObject({ code: 'closed' })
    }
  })

  test('that does not fit the wire is told so before it leaves', async () => {
    const { sender, sent } = scene()
    const command = { ...pauseJob('c-1'), until: 'soon' } as unknown as Command
    await expect(sender.submit(command)).rejects.toMatchObject({ code: 'invalid-option' })
    expect(await sent(home)).toEqual([])
  })
})

describe('a client of a cluster', () => {
  test('hears from all partitions, whoever owns them', async () => {
    const world = new World({ partitions: PARTITIONS, topics: true })
    const a = await world.node('a')
    const b = await world.node('b')
    const c = await world.node('c', { roles: [] })
    await world.pass(Promise.all(['one', 'two', 'three', 'four'].map((id) => c.client.addJob({ id, ...HOURLY }))))
    await world.pass(c.client.pause())
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      expect((await world.fold(partition)).state.schedulePaused).not.toBeNull()
    }
    await world.check(a, b, c)
  })

  test('is answered by an owner that comes later', async () => {
    const world = new World({ topics: true })
    const c = await world.node('c', { roles: [] })
    const adding = c.client.addJob({ id: 'job', ...HOURLY })
    await world.advance(30_000)
    const a = await world.node('a')
    await expect(world.pass(adding)).resolves.toMatchObject({ id: 'job' })
    await world.check(a, c)
  })

  test('is answered by the next owner when the one that read its command is gone', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a')
    const c = await world.node('c', { roles: [] })
    world.faults = ({ member, to }) => {
      if (member !== 'a' || to.topic !== 'events') return 'ok'
      a.drop()
      return 'lose-request'
    }
    const adding = c.client.addJob({ id: 'job', ...HOURLY })
    await world.quiet()
    expect(a.isGone).toBe(true)
    const b = await world.node('b')
    await expect(world.pass(adding)).resolves.toMatchObject({ id: 'job' })
    await world.check(b, c)
  })

  test('is answered once when its command came twice, and the copy changes nothing', async () => {
    const world = new World({ topics: true })
    const a = await world.node('a')
    const c = await world.node('c', { roles: [] })
    world.faults = ({ to }) => (to.topic === 'commands' ? 'lose-reply' : 'ok')
    const adding = c.client.addJob({ id: 'job', ...HOURLY })
    await world.quiet()
    world.faults = () => 'ok'
    await expect(world.pass(adding)).resolves.toMatchObject({ id: 'job' })
    await world.advance(1_000)
    expect((await world.records('commands')).length).toBeGreaterThan(1)
    expect(a.all('JobAdded')).toHaveLength(1)
    expect(a.all('CommandApplied').every(({ duplicate }) => duplicate)).toBe(true)
    await world.check(a)
  })

  test.each(['an owner', 'another process'])(
    'that asks the same twice under one id of %s is answered twice',
    async (asked) => {
      const world = new World({ topics: true })
      const a = await world.node('a')
      const c = await world.node('c', { roles: [] })
      const job = { id: 'job', ...HOURLY, commandId: 'c-1' }
      await world.pass(c.client.addJob(job))
      const again = asked === 'an owner' ? a.client.addJob(job) : c.client.addJob(job)
      await expect(world.pass(again)).resolves.toMatchObject({ id: 'job' })
      expect(a.all('JobAdded')).toHaveLength(1)
      expect(a.all('CommandApplied')).toMatchObject([{ commandId: 'c-1', duplicate: true }])
    },
  )

  test('is told of a rejection as it would be by its own process', async () => {
    const world = new World({ topics: true })
    await world.node('a')
    const c = await world.node('c', { roles: [] })
    await expect(world.pass(c.client.pauseJob('nobody'))).rejects.toMatchObject({
      name: 'RejectedError',
      code: 'job-not-found',
    })
  })
})
