// oxlint-disable vitest/expect-expect -- a scenario asserts with its own `then`
/** Jitter longer than the interval: a later time comes due before an earlier one. */
import { describe, expect, test } from 'vitest'
import { jitterDelayMs } from '../../src/core/triggers/jitter.ts'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { jobAdded, jobPaused, jobResumed, runQueued, times, timesMissed } from '../support/facts.ts'
import { jobDue, resumeJob } from '../support/inputs.ts'
import { at, resolved, T0 } from '../support/moments.ts'
import { given } from '../support/scenario.ts'
import { World } from '../support/world.ts'

const JITTER_MS = 600_000
const MINUTE_MS = 60_000

const nominal = (minute: number): number => at(60 * minute)

/** When the job's time of that minute is due. */
function dueAt(jobId: string, minute: number): number {
  return nominal(minute) + jitterDelayMs(jobId, nominal(minute), JITTER_MS)
}

/** Of this job the second time comes due well before the first, and the third after it. */
function isInverted(jobId: string): boolean {
  const [first, second, third] = [dueAt(jobId, 1), dueAt(jobId, 2), dueAt(jobId, 3)]
  return first > second + MINUTE_MS && third > first
}

const jobId = Array.from({ length: 200 }, (_, i) => `job${i}`).find(isInverted) ?? ''
const trigger = resolved(interval('1m', { jitterMs: JITTER_MS }), jobId)
/** Between the two. */
const through = dueAt(jobId, 2) + 1_000
const first = { jobId, dueAt: dueAt(jobId, 1), nextFireTime: nominal(3) }

describe('two times, of which the later one is due first, keep their order', () => {
  test('after a pause that ends between the two', () => {
    const added = jobAdded({ jobId, job: { trigger, coalesce: 'earliest' }, nextFireTime: nominal(1) })
    given(added, jobPaused({ jobId }))
      .at(through)
      .when(resumeJob(jobId))
      .then(jobResumed({ jobId, through, nextFireTime: nominal(1) }))
      .at(first.dueAt)
      .when(jobDue(jobId))
      .then(runQueued(nominal(1), { ...first, coalesced: times(nominal(2)) }))
  })

  test('after a run that stands for what was due between the two', () => {
    const added = jobAdded({
      jobId,
      job: { trigger, coalesce: 'earliest', maxInstances: 2 },
      nextFireTime: T0,
    })
    given(added, runQueued(T0, { jobId, coalescesThrough: through, nextFireTime: nominal(1) }))
      .at(first.dueAt)
      .when(jobDue(jobId))
      .then(runQueued(nominal(1), { ...first, coalesced: times(nominal(2)) }))
  })

  test('when the first is beyond its grace', () => {
    const added = jobAdded({ jobId, job: { trigger, misfireGraceMs: 1_000 }, nextFireTime: nominal(1) })
    const resumed = given(added, jobPaused({ jobId }))
      .at(through)
      .when(resumeJob(jobId))
      .then(jobResumed({ jobId, through, nextFireTime: nominal(1) }))
      .at(first.dueAt + 2_000)
      .when(jobDue(jobId))
      .then({ ...timesMissed(times(nominal(1), nominal(2)), nominal(3)), jobId })
    expect(resumed.state.job(jobId)?.decidedThrough).toBe(nominal(2))
  })

  test('when the first came due during the pause as well, and both are skipped', () => {
    const end = first.dueAt + 1
    given(jobAdded({ jobId, job: { trigger }, nextFireTime: nominal(1) }), jobPaused({ jobId }))
      .at(end)
      .when(resumeJob(jobId))
      .then(jobResumed({ jobId, through: end, skipped: times(nominal(1), nominal(2)), nextFireTime: nominal(3) }))
  })
})

test('a job with jitter longer than its interval lives on after a pause, and so does its partition', async () => {
  const world = new World()
  const node = await world.node('a', { tasks: { greet: () => null } })
  await world.pass(node.client.addJob({ id: jobId, task: 'greet', trigger: interval('1m', { jitterMs: JITTER_MS }) }))
  await world.pass(node.client.pauseJob(jobId))
  await world.advance(through - world.clock.now())
  await world.pass(node.client.resumeJob(jobId))
  await world.advance(60 * MINUTE_MS)
  expect(node.failures).toEqual([])
  expect(node.all('RunQueued').length).toBeGreaterThan(5)
  await world.check(node)
})
