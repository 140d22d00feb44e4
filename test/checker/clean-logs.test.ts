// Logs on which everything is right: the checker has nothing to say, and counts what is there.
import { describe, expect, test } from 'vitest'
import { batch, checked, historyOf } from './plant/checked.ts'
import { History, type PlantedEvent } from './plant/history.ts'
import { added, at, definition, fired, ofRun, runIdOf, START, succeeded, TICK, times } from './plant/story.ts'

const job = { jobId: TICK }

describe('a log on which everything is right', () => {
  test('fires and outcomes', () => {
    const report = checked(
      historyOf(
        batch(at(1), fired(1)),
        batch(at(1) + 5, succeeded(1)),
        batch(at(2), fired(2)),
        batch(at(2) + 9, succeeded(2)),
      ),
      { final: true },
    )
    expect(report.violations).toEqual([])
    expect(report).toMatchObject({ fires: 2, outcomes: 2, openRuns: 0, answers: 1, batches: 5, ownerships: 1 })
  })

  test('a second owner goes on where the first was killed', () => {
    const history = historyOf(batch(at(1), fired(1))).announce(at(4) + 500)
    history.batch(batch(at(4) + 500, { type: 'CommandApplied', commandId: 'again', ...job }))
    history.batch(batch(at(4) + 510, succeeded(1)))
    history.batch(batch(at(4) + 511, fired(4, { coalesced: times(at(2), at(3)) })))
    const report = checked(history)
    expect(report.violations).toEqual([])
    expect(report).toMatchObject({ ownerships: 2, fires: 2, coalesced: 2, openRuns: 1, runsAcrossOwnerships: 1 })
  })

  test('a fire that stands for 200 others lists a hundred of them', () => {
    const listed = Array.from({ length: 100 }, (_, index) => at(1 + index))
    const coalesced = { first: at(1), last: at(200), count: 200, listed }
    const report = checked(historyOf(batch(at(201), fired(201, { coalesced }))))
    expect(report.violations).toEqual([])
    expect(report.coalesced).toBe(200)
  })

  test('late times are missed, and the rest of the pass runs one after another', () => {
    const policies = definition({ misfireGraceMs: 2_500, coalesce: 'all', maxCatchUp: 2 })
    const now = at(5) + 100
    const next = { nextFireTime: at(6) }
    const chain = { ...next, startBefore: at(4) + 2_500, coalesced: null }
    const history = new History().announce(START).batch(batch(START, added({ definition: policies })))
    history.batch(
      batch(
        now,
        { type: 'RunMissed', ...job, times: times(at(1), at(2)), ...next },
        { type: 'RunMissed', ...job, times: times(at(3)), ...next },
        fired(4, chain),
        fired(5, { ...chain, startBefore: at(5) + 2_500, after: runIdOf(at(4)) }),
      ),
    )
    history.batch(batch(now + 5, succeeded(4))).batch(batch(now + 9, succeeded(5)))
    const report = checked(history, { final: true })
    expect(report.violations).toEqual([])
    expect(report).toMatchObject({ missed: 3, fires: 2 })
  })

  test('a fire that finds its job running is skipped', () => {
    const skipped = { type: 'RunSkipped', why: 'max-instances', ...job, times: times(at(2)), nextFireTime: at(3) }
    const report = checked(historyOf(batch(at(1), fired(1)), batch(at(2), skipped), batch(at(2) + 1, succeeded(1))))
    expect(report.violations).toEqual([])
    expect(report.skipped).toBe(1)
  })

  test('attempts fail, wait, and are tried again', () => {
    const report = checked(
      historyOf(
        batch(at(1), fired(1)),
        batch(at(1) + 1, ofRun('RunStarted', 1)),
        batch(at(1) + 2, ofRun('RunRetryScheduled', 1, { reason: 'failed', retryAt: at(1) + 100 })),
        batch(at(1) + 100, ofRun('RunRetryQueued', 1, { attempt: 2 })),
        batch(at(1) + 101, ofRun('RunRetryScheduled', 1, { attempt: 2, reason: 'lost', retryAt: at(1) + 200 })),
        batch(at(1) + 200, ofRun('RunRetryQueued', 1, { attempt: 3 })),
        batch(at(1) + 201, ofRun('RunFailed', 1, { attempt: 3, error: { name: 'Error', message: 'no' } })),
        batch(at(1) + 300, { ...ofRun('ReportIgnored', 1), why: 'run-final', report: 'succeeded' }),
      ),
      { final: true },
    )
    expect(report.violations).toEqual([])
  })

  test('a pause skips its times, and a resume says which', () => {
    const paused = { type: 'JobPaused', commandId: 'p', ...job }
    const resumed = { type: 'JobResumed', commandId: 'r', ...job, skipped: times(at(1), at(2)), nextFireTime: at(3) }
    const report = checked(historyOf(batch(START + 10, paused), batch(at(2) + 10, resumed), batch(at(3), fired(3))))
    expect(report.violations).toEqual([])
    expect(report.skipped).toBe(2)
  })

  test('a new version has its own times, the same trigger keeps its phase', () => {
    const renamed = { definition: definition({ name: 'new' }), anchor: START, nextFireTime: at(2) }
    const slower = definition({ trigger: '{"type":"interval","every":"PT2S","zone":"UTC"}' })
    const third = { definition: slower, anchor: at(2) + 300, nextFireTime: at(4) + 300, version: 3 }
    const fire = { scheduledAt: at(4) + 300, dueAt: at(4) + 300, runId: runIdOf(at(4) + 300), jobVersion: 3 }
    const report = checked(
      historyOf(
        batch(at(1), fired(1)),
        batch(at(1) + 1, succeeded(1), { type: 'JobModified', commandId: 'm', ...job, version: 2, ...renamed }),
        batch(at(2), fired(2, { jobVersion: 2 }), succeeded(2)),
        batch(at(2) + 300, { type: 'JobModified', commandId: 'n', ...job, ...third }),
        batch(at(4) + 300, fired(4, { ...fire, nextFireTime: at(6) + 300 })),
      ),
    )
    expect(report.violations).toEqual([])
    expect(report.givenFireTimes).toBe(0)
  })

  test('a job that is removed and added again begins anew', () => {
    const again = added({ commandId: 'again', anchor: at(1) + 500, nextFireTime: at(2) + 500 })
    const time = at(2) + 500
    const next = { scheduledAt: time, dueAt: time, runId: runIdOf(time, '1-4-0'), nextFireTime: at(3) + 500 }
    const report = checked(
      historyOf(
        batch(at(1), fired(1)),
        batch(at(1) + 1, { type: 'JobRemoved', commandId: 'rm', ...job }, succeeded(1)),
        batch(at(1) + 500, again),
        batch(time, fired(2, next)),
      ),
    )
    expect(report.violations).toEqual([])
  })

  test('runs wait for a free place, and a removal of all jobs is the outcome of those that have not begun', () => {
    const queueing = definition({ overlap: 'queue' })
    const queued = (number: number): PlantedEvent => fired(number, { after: '*' })
    const history = new History().announce(START).batch(batch(START, added({ definition: queueing })))
    history
      .batch(batch(at(1), fired(1)))
      .batch(batch(at(2), queued(2)))
      .batch(batch(at(3), queued(3)))
    history.batch(batch(at(3) + 1, succeeded(1))).batch(batch(at(3) + 2, ofRun('RunStarted', 2)))
    history.batch(batch(at(3) + 3, { type: 'JobsRemoved', commandId: 'all', count: 1, cancelledRuns: 1 }))
    history.batch(batch(at(3) + 4, succeeded(2)))
    const report = checked(history, { final: true })
    expect(report.violations).toEqual([])
    expect(report.outcomes).toBe(3)
  })

  test('a run that may run only once is granted once, and lost when its process is', () => {
    const history = new History().announce(START)
    history.batch(batch(START, added({ definition: definition({ delivery: 'at-most-once' }) })))
    history.batch(batch(at(1), fired(1))).batch(batch(at(1) + 1, ofRun('RunGranted', 1)))
    history.announce(at(1) + 10).batch(batch(at(1) + 11, ofRun('RunLost', 1)))
    expect(checked(history, { final: true }).violations).toEqual([])
  })

  test('a new trigger counts its repetitions from its own first fire', () => {
    const trigger = '{"type":"interval","every":"PT1S","repeat":1}'
    const again = { version: 2, definition: definition({ trigger }), anchor: at(1) + 500, nextFireTime: at(2) + 500 }
    const time = at(2) + 500
    const fire = { scheduledAt: time, dueAt: time, runId: runIdOf(time), jobVersion: 2, nextFireTime: null }
    const history = historyOf(
      batch(at(1), fired(1)),
      batch(at(1) + 500, succeeded(1), { type: 'JobModified', commandId: 'm', ...job, ...again }),
      batch(time, fired(2, fire)),
      batch(time + 1, succeeded(2, { scheduledAt: time, runId: runIdOf(time) }), { type: 'JobFinished', ...job }),
    )
    expect(checked(history, { final: true }).violations).toEqual([])
  })

  test('a job without a trigger runs once and is finished; a crontab fires by its zone', () => {
    const once = added({ definition: definition({ trigger: null }), nextFireTime: START })
    const run = { scheduledAt: START, dueAt: START, runId: runIdOf(START), nextFireTime: null }
    const nine = { type: 'crontab', expression: '0 10 * * *', zone: 'Europe/Paris' }
    const daily = { jobId: 'daily', definition: definition({ trigger: JSON.stringify(nine) }), commandId: 'd' }
    const tomorrow = START + 86_400_000
    const history = new History().announce(START)
    history.batch(batch(START, once, fired(0, run)))
    history.batch(batch(START + 4, succeeded(0), { type: 'JobFinished', ...job }))
    history.batch(batch(START + 5, added({ ...daily, anchor: START + 5, nextFireTime: tomorrow })))
    const runId = 'daily/1-3-0/20270102T090000.000Z'
    history.batch(batch(tomorrow, fired(0, { jobId: 'daily', runId, ...places(tomorrow) })))
    const report = checked(history)
    expect(report.violations).toEqual([])
    expect(report.unchecked.size).toBe(0)
  })

  test('commands are refused, repeated and forwarded, and runs are asked for', () => {
    const runNow = { scheduledAt: at(1) + 7, dueAt: at(1) + 7, cause: 'run-now', nextFireTime: at(1), commandId: 'now' }
    const report = checked(
      historyOf(
        batch(START + 1, { type: 'CommandRejected', commandId: 'x', code: 'job-exists' }),
        batch(START + 2, { type: 'CommandApplied', commandId: 'add-tick', duplicate: true }),
        batch(START + 3, { type: 'CommandForwarded', commandId: 'f', toPartition: 1 }),
        batch(at(1) + 7, fired(1, { ...runNow, runId: `${runIdOf(at(1) + 7)}/now` })),
      ),
    )
    expect(report.violations).toEqual([])
    expect(report).toMatchObject({ answers: 4, extraRuns: 1, fires: 0 })
  })

  test('an id that a client gives again after an hour is another command', () => {
    const pause = { type: 'JobPaused', commandId: 'p', commandGiven: true, ...job }
    const later = batch(START + 3_600_002, { type: 'CommandApplied', commandId: 'p', commandGiven: true, ...job })
    expect(checked(historyOf(batch(START + 1, pause), later)).violations).toEqual([])
  })

  test('a type without an oracle is named, and its order is checked', () => {
    const trigger = '{"type":"calendar-interval","days":1,"start":"2027-01-01","zone":"UTC"}'
    const history = new History().announce(START)
    history.batch(batch(START, added({ definition: definition({ trigger }) })))
    history.batch(batch(at(1), fired(1))).batch(batch(at(7), succeeded(1), fired(7)))
    const report = checked(history)
    expect(report.violations).toEqual([])
    expect([...report.unchecked]).toEqual([['calendar-interval', 1]])
  })
})

function places(time: number): Readonly<Record<string, unknown>> {
  return { scheduledAt: time, dueAt: time, nextFireTime: time + 86_400_000 }
}
