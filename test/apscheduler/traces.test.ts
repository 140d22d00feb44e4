/**
 * Each recorded schedule of APScheduler 3.11 is played on our scheduler: the same jobs run the same number of times at
 * the same scheduled instants, and the same masks tell the same of them, or the step names the rule by which ours is
 * better, and then exactly what it tells.
 */
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { interval } from '../../src/index.ts'
import { type RecordedSchedule, recordedSchedules, type RecordedStep, T0 } from './recorded.ts'
import * as rules from './rules.ts'
import { type Difference, schedules } from './schedules.ts'
import { Stage } from './stage.ts'

const recordings = recordedSchedules()
const differences = Object.values(schedules).flatMap((steps) => steps.flatMap(({ differs }) => differs ?? []))

/** Lines of runs that took place, `<job> <scheduled time>`. */
function runsOf(recorded: RecordedSchedule): string[] {
  return recorded.steps
    .flatMap(({ events }) => events)
    .filter((line) => /^JOB_(EXECUTED|ERROR) /.test(line))
    .map((line) => line.split(' ').slice(1, 3).join(' '))
}

function expected({ events, jobs }: RecordedStep, differs: Difference | undefined): object {
  return { events: differs?.events ?? events, jobs: differs?.jobs ?? jobs }
}

function isIdle(differs: Difference | undefined, theirs: RecordedStep): boolean {
  if (differs === undefined) return false
  const { events, jobs } = differs
  if (differs.rules.length === 0 || (events === undefined && jobs === undefined)) return true
  return isDeepStrictEqual(events, theirs.events) || isDeepStrictEqual(jobs, theirs.jobs)
}

describe('the recorded schedules', () => {
  test.each(recordings)('$name', async (recorded) => {
    const steps = schedules[recorded.name] ?? []
    expect(steps.map((step) => step.do)).toEqual(recorded.steps.map((step) => step.do))
    const stage = await Stage.open(recorded.executor)
    onTestFinished(() => stage.shutdown())
    for (const [index, { act, differs, thenSleeps }] of steps.entries()) {
      const theirs = recorded.steps[index]!
      if (thenSleeps !== true) await stage.sleepUntil(theirs.at)
      await act(stage, theirs.at)
      const ours = { events: await stage.told(), jobs: stage.jobs() }
      expect(ours, `step ${index}, ${theirs.do}`).toEqual(expected(theirs, differs))
    }
    expect(stage.calls.toSorted()).toEqual(runsOf(recorded).toSorted())
  })

  test('are all there, and no other', () => {
    expect(Object.keys(schedules)).toEqual(recordings.map(({ name }) => name))
  })
})

describe('the rules by which ours differs', () => {
  test('a run whose executor was removed takes place when it is added again', async () => {
    const stage = await Stage.open('debug')
    onTestFinished(() => stage.shutdown())
    await stage.start()
    await stage.add({ id: 'p', trigger: interval('1m'), misfireGrace: '1h' })
    await stage.removeExecutor()
    await stage.sleepUntil(T0 + 60_000)
    await stage.told()
    await stage.sleepUntil(T0 + 90_000)
    await stage.scheduler.addExecutor('default', { concurrency: 1 })
    expect(await stage.told()).toEqual(['EXECUTOR_ADDED default', 'JOB_EXECUTED p 00:01:00 5'])
  })

  test.each(Object.entries(rules))('%s shows somewhere: %s', (_, rule) => {
    expect(differences.some((difference) => difference.rules.includes(rule))).toBe(true)
  })

  test('nothing is called a difference that is none', () => {
    const idle = recordings.flatMap(({ name, steps }) =>
      steps.filter((theirs, index) => isIdle(schedules[name]?.[index]?.differs, theirs)).map((step) => [name, step.do]),
    )
    expect(idle).toEqual([])
  })
})
