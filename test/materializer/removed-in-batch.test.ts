import { expect, test } from 'vitest'
import { World } from '../support/world.ts'

test('a run that was let go in the batch that removes its job is dispatched all the same', async () => {
  const world = new World()
  const started: string[] = []
  const node = await world.node('a', {
    tasks: {
      first: (context) => {
        started.push(context.run.runId)
        if (started.length > 1) return
        // Report, addition and removal are decided together.
        void node.client.addJob({ id: 'other', task: 'first', nextFireTime: world.clock.now() + 3_600_000 })
        void node.client.removeJob('job')
      },
    },
  })
  const trigger = { type: 'interval', every: 'PT10S' } as const
  const nextFireTime = world.clock.now() - 25_000
  await node.client.addJob({ id: 'job', task: 'first', trigger, nextFireTime, coalesce: 'all' })
  await world.advance(1_000)
  expect(node.all('JobRemoved')).toHaveLength(1)
  expect([...node.partition().state.runs()]).toEqual([])
  expect(node.failures).toEqual([])
})
