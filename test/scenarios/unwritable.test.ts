// oxlint-disable vitest/expect-expect -- a scenario asserts with its own `then`
/** What can't be written as it was decided is refused instead, and the refusal is on the log. */
import { describe, expect, test } from 'vitest'
import type { Input } from '../../src/core/decide.ts'
import { MAX_COMMAND_ID_CHARS, MAX_JOB_ID_CHARS } from '../../src/core/limits.ts'
import { interval } from '../../src/index.ts'
import { jobAdded, rejected, runFailed, runQueued } from '../support/facts.ts'
import { EXECUTOR, removeJob, report } from '../support/inputs.ts'
import { at, every, runAt, T0 } from '../support/moments.ts'
import { given } from '../support/scenario.ts'
import { started, stubborn } from './open-scheduler.ts'

const RUN = runAt(at(10))
const running = given(
  jobAdded({ job: { trigger: every('10s') }, nextFireTime: at(10) }),
  runQueued(at(10), { nextFireTime: at(20) }),
)
function unwritable(input: Input): Input {
  if (input.kind !== 'command' && input.kind !== 'report') throw new Error(input.kind)
  return { kind: 'unwritable', input, why: 'too long' }
}

describe('what was decided and can not be written', () => {
  test('of a command rejects the command', () => {
    running.when(unwritable(removeJob())).then(rejected('limit-exceeded', null))
  })

  test('of a report fails its run, which is not tried again', () => {
    const message = 'the report: expected events that can be written, got too long'
    const error = { name: 'ReportError', message, stack: null, retryable: false }
    running
      .at(at(12))
      .when(unwritable(report('succeeded', RUN, { result: 'done' })))
      .then(runFailed(RUN, { error, executor: EXECUTOR }))
  })

  test('is told to who asked and to all who listen, and the rest goes on', async () => {
    const { scheduler } = await started()
    const told: unknown[] = []
    scheduler.on('CommandRejected', ({ commandId, jobId, code }) => told.push([commandId, jobId, code]))
    const { handler } = stubborn()
    scheduler.task('wait', handler)
    const id = 'j'.repeat(MAX_JOB_ID_CHARS)
    await scheduler.addJob({ id, task: 'wait', trigger: interval('10s'), paused: true })
    // Ids as long as they may be: the ends of so many runs are more than a batch holds.
    for (const digit of ['1', '2', '3', '4']) {
      const commandId = '€'.repeat(MAX_COMMAND_ID_CHARS - 1) + digit
      await scheduler.backfill(id, { from: T0, to: T0 + 2_000_000, commandId })
    }
    const removed = scheduler.removeJob(id, { commandId: 'rm' })
    const other = scheduler.addJob({ id: 'other', task: 'greet', trigger: interval('10s') })
    await expect(removed).rejects.toMatchObject({ name: 'RejectedError', code: 'limit-exceeded', commandId: 'rm' })
    await other
    expect(told).toEqual([['rm', id, 'limit-exceeded']])
    expect(scheduler.getJob(id)?.openRuns).toHaveLength(796)
  })
})
