import { describe, expect, test } from 'vitest'
import { verifyPartition } from '../../src/cli/verify-log.ts'
import { NO_COMMAND } from '../../src/core/answers.ts'
import type { Decided, Event } from '../../src/core/events.ts'
import { at, History, jobAdded, runOf, runQueued, runSucceeded } from './history.ts'

/** An announcement, then the batches: offset 0, and from offset 1 on. */
async function problemsOf(...batches: (readonly Decided[])[]): Promise<string[]> {
  const history = await new History().announce()
  for (const batch of batches) await history.batch(batch)
  return problems(history)
}

async function problems(history: History): Promise<string[]> {
  const verdict = await verifyPartition(history.log, 0)
  expect(verdict.problemCount).toBe(verdict.problems.length)
  return verdict.problems.map(({ offset, rule }) => `${offset} ${rule}`)
}

const given = { ...NO_COMMAND, commandId: 'c1', commandGiven: true }
const rejected: Decided = {
  type: 'CommandRejected',
  ...given,
  jobId: 'a',
  code: 'job-not-found',
  reason: 'no',
  path: null,
}
const paused: Decided = { type: 'JobPaused', jobId: 'a', ...NO_COMMAND, reason: null, until: null }

describe('verifying a log', () => {
  test('a sound history holds, and is counted', async () => {
    const history = await new History().announce()
    await history.batch([jobAdded('a', given)])
    await history.batch([
      runQueued('a', 3, { coalesced: { first: at(1), last: at(2), count: 2, listed: [at(1), at(2)] } }),
    ])
    await history.batch([runSucceeded('a', 3), runQueued('a', 4)])
    await history.announce()
    await history.batch([
      {
        type: 'RunRetryScheduled',
        jobId: 'a',
        runId: runOf('a', 4),
        attempt: 1,
        reason: 'failed',
        error: null,
        executor: null,
        retryAt: at(9),
      },
    ])
    await history.batch([{ type: 'RunRetryQueued', jobId: 'a', runId: runOf('a', 4), attempt: 2 }])
    const skipped: Decided = {
      type: 'RunSkipped',
      jobId: 'a',
      runId: null,
      why: 'max-instances',
      times: { first: at(5), last: at(5), count: 1, listed: [at(5)] },
      nextFireTime: at(6),
    }
    await history.batch([runSucceeded('a', 4, 2), skipped])
    const verdict = await verifyPartition(history.log, 0)
    expect(verdict.problems).toEqual([])
    expect(verdict).toMatchObject({ records: 16, ignored: 0, dropped: 0, jobs: 1, epoch: 2, seq: 3 })
    expect(verdict.counts).toEqual({ owners: 2, batches: 6, events: 8, runs: 2, outcomes: 2, times: 5, commands: 1 })
    expect(verdict.chain).toMatch(/^[0-9a-f]{64}$/)
  })

  test('a scheduled time that is decided twice breaks I1, an earlier one I2', async () => {
    const ended = [jobAdded('a')] as const
    const fire = (second: number): readonly Decided[] => [runQueued('a', second), runSucceeded('a', second)]
    expect(await problemsOf(ended, fire(5), fire(5))).toEqual(['6 I1'])
    expect(await problemsOf(ended, fire(5), fire(4))).toEqual(['6 I2'])
    const coalesced = { first: at(5), last: at(6), count: 2, listed: [at(5), at(6)] }
    expect(await problemsOf(ended, fire(5), [runQueued('a', 7, { coalesced })])).toEqual(['6 I1'])
  })

  test('a job that is removed and added again may fire for the same time', async () => {
    const removed: Decided = { type: 'JobRemoved', jobId: 'a', ...NO_COMMAND }
    const again = runQueued('a', 5, { runId: `a/1-3-0/20270101T000005.000Z` })
    expect(await problemsOf([jobAdded('a')], [runQueued('a', 5), removed], [jobAdded('a')], [again])).toEqual([])
  })

  test('a second outcome, one without a run, and anything after the outcome break I7', async () => {
    const fired = [runQueued('a', 5), runSucceeded('a', 5)]
    expect(await problemsOf([jobAdded('a')], [...fired, runSucceeded('a', 5)])).toEqual(['5 I7'])
    expect(await problemsOf([jobAdded('a')], [runSucceeded('a', 5)])).toEqual(['3 I7'])
    const started: Decided = {
      type: 'RunStarted',
      jobId: 'a',
      runId: runOf('a', 5),
      attempt: 1,
      executor: 'x',
      startedAt: at(5),
    }
    expect(await problemsOf([jobAdded('a')], [...fired, started])).toEqual(['5 I7'])
    expect(await problemsOf([jobAdded('a')], [runQueued('a', 5), { ...started, attempt: 2 }])).toEqual(['4 I7'])
  })

  test('a given command id has one answer: a second breaks I4, a repetition that is said to be one does not', async () => {
    const repeated: Decided = { type: 'CommandApplied', ...given, jobId: 'a', duplicate: true, times: null }
    expect(await problemsOf([jobAdded('a', given)], [repeated])).toEqual([])
    expect(await problemsOf([jobAdded('a', given)], [rejected])).toEqual(['3 I4'])
    expect(await problemsOf([jobAdded('a', given), rejected])).toEqual(['2 I4'])
    // Ids of rejected commands are not remembered: a copy is decided anew.
    expect(await problemsOf([rejected, rejected])).toEqual([])
    expect(await problemsOf([repeated])).toEqual(['1 I4'])
  })

  test('a fire of a job that is paused or not there breaks I9, one over its limit of instances I8', async () => {
    expect(await problemsOf([jobAdded('a'), paused], [runQueued('a', 5)])).toEqual(['4 I9'])
    expect(await problemsOf([runQueued('a', 5)])).toEqual(['1 I9'])
    expect(await problemsOf([jobAdded('a')], [runQueued('a', 5), runQueued('a', 6)])).toEqual(['4 I8'])
  })

  test('an event that was edited with its CRC made right is found by the chain, between two offsets', async () => {
    const edit = (events: readonly Event[]): readonly Event[] =>
      events.map((event) => ({ ...event, reason: 'edited' }) as Event)
    const history = await new History().announce()
    await history.batch([jobAdded('a')])
    await history.batch([paused], edit)
    await history.batch([{ type: 'JobRemoved', jobId: 'a', ...NO_COMMAND }])
    await history.batch([jobAdded('b')])
    const verdict = await verifyPartition(history.log, 0)
    expect(verdict).toMatchObject({ dropped: 1, ignored: 2, problemCount: 1 })
    expect(verdict.problems[0]).toMatchObject({ partition: 0, offset: 6, rule: 'chain' })
    expect(verdict.problems[0]?.what).toContain('a record at offset 3 to 6 is not what was written')
  })

  test('records that the reading rule does not accept are named', async () => {
    const history = await new History().announce()
    await history.batch([jobAdded('a')])
    await history.announce()
    const late = { ...paused, epoch: 1, seq: 2, index: 0, time: at(9) } as Event
    await history.append([late])
    expect(await problems(history)).toEqual(['4 record'])
    const half = { ...paused, epoch: 2, seq: 1, index: 0, time: at(9) } as Event
    await history.append([half])
    expect(await problems(history)).toEqual(['4 record', '5 record'])
    await history.log.append({ topic: 'events', partition: 0 }, [{ key: null, value: new Uint8Array([1, 2, 3]) }])
    expect(await problems(history)).toEqual(['4 record', '6 record', '5 record'])
  })
})
