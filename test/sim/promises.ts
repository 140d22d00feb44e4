/** What must hold of a cluster that has come to rest, told from the log and its topics alone. */
import type { Event } from '../../src/core/events.ts'
import { headerTexts, parsed } from '../support/topic-records.ts'
import type { TestNode, World } from '../support/world.ts'

export interface Executed {
  readonly runId: string
  readonly attempt: number
}

/** What was seen from outside of the log. */
export interface Seen {
  readonly executed: readonly Executed[]
  /** Ids of commands that a client was told are applied. */
  readonly acknowledged?: readonly string[]
}

/** Rejects with the first promise that is broken. */
export async function promises(world: World, nodes: readonly TestNode[], seen: Seen): Promise<void> {
  for (const node of nodes) {
    if (node.failures.length > 0) throw new Error(`${node.name} stopped: ${String(node.failures[0]?.stack)}`)
  }
  // Bookkeeping of fires, runs and answers by the reader's rule (I1, I2, I4, I7, I8, I9), and I5 of each node.
  await world.check(...nodes)
  const events: Event[] = []
  for (let partition = 0; partition < world.cluster.partitions; partition += 1) {
    const folded = await world.fold(partition)
    await everyInputHandled(world, partition, folded.events)
    must(folded.state.runs.length === 0, `partition ${partition}: runs are open: ${show(folded.state.runs)}`)
    must(folded.state.jobs.length === 0, `partition ${partition}: jobs are there: ${show(folded.state.jobs)}`)
    await effectsHaveLeft(world, partition, folded.events)
    events.push(...folded.events)
  }
  await repliesAreThere(world)
  await runsWereExecuted(world, events, seen.executed)
  const answered = new Set(events.map((event) => ('commandId' in event ? event.commandId : null)))
  for (const id of seen.acknowledged ?? []) must(answered.has(id), `${id} was acknowledged and is not on the log`)
  await isQuiet(world)
}

/** Each record of the commands topic has one outcome, in one batch; all reports are read. */
async function everyInputHandled(world: World, partition: number, events: readonly Event[]): Promise<void> {
  const commands = await world.records('commands', partition)
  const batches = new Map<number, Set<string>>()
  for (const event of events) {
    if (!('commandOffset' in event) || event.commandOffset === null) continue
    const of = batches.get(event.commandOffset) ?? new Set()
    batches.set(event.commandOffset, of.add(`${event.epoch}/${event.seq}`))
  }
  for (const { offset } of commands) {
    const count = batches.get(offset)?.size ?? 0
    must(count === 1, `I4: commands/${partition}/${offset} was decided ${count} times`)
  }
  const { cursor } = await world.fold(partition)
  const reports = await world.records('reports', partition)
  must(cursor.commandsThrough === commands.length - 1, `commands are said to be read to ${cursor.commandsThrough}`)
  must(cursor.reportsThrough === reports.length - 1, `reports are said to be read to ${cursor.reportsThrough}`)
}

/** Forwards and grants of accepted events are on their topics. */
async function effectsHaveLeft(world: World, partition: number, events: readonly Event[]): Promise<void> {
  const sentOn = new Set<string | undefined>()
  for (const topic of ['commands', 'reports']) {
    for (const record of await world.records(topic)) sentOn.add(headerTexts(record)['horolog-forwarded-from'])
  }
  const control = new Set(
    (await world.records('control')).map(parsed).map(({ type, runId, attempt }) => [type, runId, attempt].join(' ')),
  )
  const ended = new Set(events.flatMap((event) => (isOutcome(event) ? [keyOf(event)] : [])))
  for (const event of events) {
    if (event.type === 'CommandForwarded') {
      const place = `${event.reportOffset === null ? 'commands' : 'reports'}/${partition}/${event.commandOffset ?? event.reportOffset}`
      must(sentOn.has(place), `${place} was not sent on`)
    }
    if (event.type !== 'RunGranted' || ended.has(`${event.runId} ${event.attempt}`)) continue
    must(control.has(`RunGranted ${event.runId} ${event.attempt}`), `no grant for ${event.runId}`)
  }
}

/** Every command that asked for an answer has one, by its id. */
async function repliesAreThere(world: World): Promise<void> {
  const keys = new Set((await world.records('replies')).map(({ key }) => key))
  for (const command of await world.records('commands')) {
    const { 'horolog-reply-to': to, 'horolog-command-id': id = null } = headerTexts(command)
    if (to === 'replies') must(keys.has(id), `${id} was not answered`)
  }
}

/** What succeeded ran or was delivered; what may run at most once did. */
async function runsWereExecuted(world: World, events: readonly Event[], executed: readonly Executed[]): Promise<void> {
  const granted = new Set(events.flatMap((event) => (event.type === 'RunGranted' ? [keyOf(event)] : [])))
  const counts = new Map<string, number>()
  for (const attempt of executed) counts.set(keyOf(attempt), (counts.get(keyOf(attempt)) ?? 0) + 1)
  for (const key of granted) must((counts.get(key) ?? 0) <= 1, `at-most-once: ${key} ran ${counts.get(key)} times`)
  const delivered = new Set(
    (await world.records('orders')).map((record) => {
      const { 'horolog-run-id': runId = '', 'horolog-attempt': attempt = '' } = headerTexts(record)
      return `${runId} ${attempt}`
    }),
  )
  for (const event of events) {
    if (event.type !== 'RunSucceeded') continue
    const key = keyOf(event)
    must(counts.has(key) || delivered.has(key), `${key} succeeded, and neither ran nor was delivered`)
  }
}

function keyOf({ runId, attempt }: Executed): string {
  return `${runId} ${attempt}`
}

/** Nothing is left to say: no batch follows another for ever. */
async function isQuiet(world: World): Promise<void> {
  const before = await world.records('events')
  await world.advance(60_000)
  const after = await world.records('events')
  must(after.length === before.length, `${after.length - before.length} records were written with nothing to do`)
}

const OUTCOMES: ReadonlySet<string> = new Set(['RunSucceeded', 'RunFailed', 'RunTimedOut', 'RunCancelled', 'RunLost'])

function isOutcome(event: Event): event is Extract<Event, { type: 'RunSucceeded' }> {
  return OUTCOMES.has(event.type)
}

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise)
}

function show(value: unknown): string {
  return JSON.stringify(value, (name, member: unknown) =>
    name === 'definition' || name === 'payload' ? '…' : member,
  ).slice(0, 2_000)
}
