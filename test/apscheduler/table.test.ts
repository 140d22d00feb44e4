/**
 * The table of APScheduler's public face and ours: what our column names is there and can be used, and the README has the
 * table as it is.
 */
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { maskedTypes } from '../../src/client/event-masks.ts'
import * as horolog from '../../src/index.ts'
import { type JobHandle, type JobInfo, Scheduler } from '../../src/index.ts'
import * as samples from './samples.ts'
import { tables, withSection } from './table.ts'
import { T0 } from './recorded.ts'
import { README } from './write-table.ts'

/** What stands for a value of the caller's. */
const ARGUMENTS = new Set(
  'id name task trigger triggers handler listener mask changes options file every at expression'.split(' '),
)

interface Used {
  readonly scheduler: Scheduler
  readonly handle: JobHandle
  readonly info: JobInfo
}

/** A scheduler with a job, made with every option that there is. */
async function used(): Promise<Used> {
  const scheduler = (await Scheduler.open(samples.schedulerOptions)).configure(samples.configureOptions)
  const handle = await scheduler.addJob(samples.jobOptions)
  const info = scheduler.getJob(handle.id)
  if (info === undefined) throw new Error('expected the job that was added')
  return { scheduler, handle, info }
}

function keysOf(...values: readonly object[]): string[] {
  return values.flatMap((value) => Object.keys(value))
}

function methodsOf(prototype: object): string[] {
  const above = Object.getPrototypeOf(prototype) as object | null
  if (above === null) return []
  return [...Object.getOwnPropertyNames(prototype), ...methodsOf(above)]
}

interface Names {
  /** What can be called. */
  readonly calls: ReadonlySet<string>
  /** Members of options, triggers and jobs, exports, event names. */
  readonly members: ReadonlySet<string>
}

function namesOf({ handle, info }: Used): Names {
  const functions = Object.entries(horolog).filter(([, value]) => typeof value === 'function')
  return {
    calls: new Set([
      'open',
      ...methodsOf(Scheduler.prototype),
      ...functions.map(([name]) => name),
      ...Object.keys(handle),
    ]),
    members: new Set([
      'state',
      ...keysOf(horolog, info, ...Object.values(samples), ...Object.values(samples.triggers)),
      ...keysOf(samples.triggers.cron.fields),
      ...maskedTypes(horolog.EVENT_ALL),
    ]),
  }
}

/** Names in the code of a cell that are not there. */
function unknownNames(text: string, { calls, members }: Names): string[] {
  const code = [...text.matchAll(/`([^`]*)`/g)].map(([, span]) => (span ?? '').replaceAll(/'[^']*'/g, ''))
  const words = code.flatMap((span) => [...span.matchAll(/(\w+)(\(?)/g)])
  return words
    .filter(([, word = '', called]) =>
      called === '(' ? !calls.has(word) : !members.has(word) && !calls.has(word) && !ARGUMENTS.has(word),
    )
    .map(([word]) => word)
}

const rows = tables.flatMap((table) => table.rows.map((row) => ({ ...row, table: table.title })))

describe('our column', () => {
  let known: Names
  beforeAll(async () => {
    const made = await used()
    known = namesOf(made)
    await made.scheduler.shutdown()
  })

  test.each(rows)('$table: $theirs', ({ ours, note }) => {
    expect(unknownNames(ours ?? '', known)).toEqual([])
    expect(unknownNames(note ?? '', known)).toEqual([])
  })

  test('has options of addJob for those of a job', () => {
    const options = new Set(keysOf(samples.jobOptions, samples.commandOptions))
    const named = rows.filter(({ table }) => table === 'Job options').map(({ ours }) => ours ?? '')
    expect(named.flatMap((ours) => unknownNames(ours, { calls: new Set(), members: options }))).toEqual([])
  })

  test('is checked: a name that is not there is noticed', () => {
    expect(unknownNames('`addJobs(id, { task, misfire })` and plain words', known)).toEqual(['addJobs(', 'misfire'])
  })

  test('says why where there is nothing of ours', () => {
    const unexplained = rows.filter(({ ours, note }) => ours === null && note === undefined)
    expect(unexplained).toEqual([])
  })
})

describe('what the names are taken from', () => {
  test('all options of a job are taken, and come back', async () => {
    const { scheduler, info } = await used()
    await scheduler.shutdown()
    expect(info).toMatchObject({
      id: 'complete',
      payload: { name: 'world' },
      misfireGraceMs: 3_600_000,
      timeoutMs: 60_000,
      paused: { reason: null, until: null },
      nextFireTime: new Date(samples.jobOptions.nextFireTime as number),
    })
  })

  test('a flat record under APScheduler’s own prefix opens a scheduler', async () => {
    const scheduler = await Scheduler.open(samples.flatOptions)
    onTestFinished(() => scheduler.shutdown())
    expect(scheduler.state).toBe('open')
  })

  test('the calls take all their options', async () => {
    const { scheduler, handle } = await used()
    onTestFinished(() => scheduler.shutdown(samples.shutdownOptions))
    scheduler.task('greet', () => null).task('resize', samples.taskModule, samples.taskOptions)
    await scheduler.addExecutor('reports', samples.executorOptions)
    await scheduler.removeExecutor('reports', samples.shutdownOptions)
    scheduler.printJobs(samples.printOptions)
    await scheduler.importJobs(scheduler.exportJobs({ store: 'default' }), samples.importOptions)
    await handle.resume()
    await scheduler.pauseJob(handle.id, { ...samples.pauseOptions, commandId: 'pause' })
    expect(await scheduler.explain(handle.id, samples.explainOptions)).toMatchObject({ at: new Date(T0), counts: null })
    await scheduler.start(samples.startOptions)
    expect(scheduler.state).toBe('paused')
  })
})

test('each of the 17 masks has its bit, and events', () => {
  const events = tables.at(-1)?.rows ?? []
  expect(events.map(({ theirs }) => Reflect.get(horolog, theirs) as number)).toEqual(
    Array.from({ length: 17 }, (_, bit) => 2 ** bit),
  )
  expect(events.filter(({ ours }) => ours === '')).toEqual([])
})

test('the README has the table as it is: node test/apscheduler/write-table.ts', () => {
  const readme = readFileSync(README, 'utf8')
  expect(readme).toBe(withSection(readme))
})
