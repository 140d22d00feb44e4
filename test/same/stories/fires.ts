/** When jobs fire, and what becomes of times that can't be kept. */
import { and, cron, crontab, interval } from '../../../src/index.ts'
import type { Story } from '../story.ts'
import { hello, obedient, stubborn } from './handlers.ts'

const EVERY_10S = { task: 'greet', trigger: interval('10s') } as const

export const FIRE_STORIES: readonly Story[] = [
  {
    name: 'the clock jumps over scheduled times',
    shows: ['ClockStepped', 'RunMissed', 'RunQueued', 'RunSkipped', 'RunSucceeded'],
    async play({ client, clock, task }) {
      task('greet', hello)
      await client.addJob({ id: 'latest', ...EVERY_10S })
      await client.addJob({ id: 'earliest', ...EVERY_10S, coalesce: 'earliest' })
      await client.addJob({ id: 'all', ...EVERY_10S, coalesce: 'all', maxCatchUp: 3 })
      await client.addJob({ id: 'strict', ...EVERY_10S, coalesce: 'all', misfireGrace: '15s' })
      await clock.advance(11_000)
      await clock.jump(75_000)
      await clock.advance(10_000)
      await clock.jump(-120_000)
      await clock.advance(30_000)
      await clock.jump(3 * 86_400_000)
      await clock.advance(10_000)
    },
  },
  {
    name: 'a job is due while as many of its runs as may be are open',
    shows: ['RunSkipped', 'RunQueued', 'RunCancelRequested', 'RunCancelled', 'RunSucceeded'],
    async play({ client, clock, task }) {
      const waits = stubborn()
      const queues = stubborn()
      task('wait', waits.handler)
      task('queue', queues.handler)
      task('obey', obedient)
      await client.addJob({ id: 'skip', task: 'wait', trigger: interval('10s') })
      await client.addJob({ id: 'queue', task: 'queue', trigger: interval('10s'), overlap: 'queue', queueLimit: 2 })
      await client.addJob({ id: 'replace', task: 'obey', trigger: interval('10s'), overlap: 'cancel-running' })
      await clock.advance(41_000)
      waits.letGo()
      queues.letGo()
      await clock.advance(10_000)
      await client.modifyJob('queue', { maxInstances: 2 })
      await clock.settle()
      await client.removeJob('replace')
      await clock.advance(10_000)
    },
  },
  {
    name: 'triggers of all kinds fire, with jitter and across a change of the clocks',
    shows: ['RunQueued', 'RunSucceeded', 'JobFinished'],
    options: { timezone: 'Europe/Berlin', jobDefaults: { keepRuns: 2 } },
    async play({ client, clock, task }) {
      task('greet', hello)
      const trigger = cron('*/20 * * * * *')
      await client.addJob({
        id: 'jitter',
        task: 'greet',
        trigger: { ...interval('15s', { repeat: 3 }), jitterMs: 6_000 },
      })
      await client.addJob({ id: 'both', task: 'greet', trigger: and([trigger, cron('0 * * * * *')]) })
      await clock.advance(65_000)
      await clock.jump(86 * 86_400_000)
      await client.addJob({ id: 'night', task: 'greet', trigger: crontab('30 2 * * *') })
      await client.removeJob('both')
      await clock.advance(4 * 86_400_000)
    },
  },
]
