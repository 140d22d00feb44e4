import { describe, expect, test } from 'vitest'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import type { JobOptions } from '../../src/client/job-options.ts'
import type { TaskHandler } from '../../src/executor/task-registry.ts'
import { World } from '../support/world.ts'

async function running(handler: TaskHandler, job: Partial<JobOptions> = {}) {
  const world = new World()
  const node = await world.node('a', { tasks: { work: handler } })
  await node.client.addJob({ id: 'job', task: 'work', trigger: interval('1h'), ...job })
  return { world, node, run: await node.client.runJob('job') }
}

describe('a run that was asked for', () => {
  test('gives what its handler returned', async () => {
    const { run } = await running(() => ({ greeted: 'world' }))
    await expect(run.result()).resolves.toEqual({ greeted: 'world' })
  })

  test('gives it as often as it is asked', async () => {
    const { run } = await running(() => 7)
    await expect(Promise.all([run.result(), run.result()])).resolves.toEqual([7, 7])
    await expect(run.result()).resolves.toBe(7)
  })

  test('says how its handler failed', async () => {
    const { run } = await running(() => {
      throw new TypeError('broken')
    })
    const failed = { name: 'RunError', runId: run.runId, outcome: 'failed', message: 'TypeError: broken' }
    await expect(run.result()).rejects.toMatchObject(failed)
  })

  test('gives the result of the attempt that succeeded', async () => {
    const { world, run } = await running(
      ({ run: { attempt } }) => {
        if (attempt === 1) throw new Error('once')
        return attempt
      },
      { retry: { maxAttempts: 2 } },
    )
    await expect(world.pass(run.result())).resolves.toBe(2)
  })

  test('says that it took too long', async () => {
    const { world, run } = await running(() => new Promise(() => {}), { timeout: '10s' })
    await expect(world.pass(run.result())).rejects.toMatchObject({ outcome: 'timed-out' })
  })

  test('says that it was cancelled', async () => {
    const { world, node, run } = await running(() => new Promise(() => {}), { retry: { maxAttempts: 2 } })
    await world.advance(2_000)
    await node.client.removeJob('job')
    await run.cancel({ reason: 'enough' }).catch(() => undefined)
    await world.quiet()
    expect(node.all('RunCancelRequested')).toMatchObject([{ runId: run.runId, reason: 'enough' }])
  })

  test('that nobody waits for fails without a word', async () => {
    const { world, node } = await running(() => {
      throw new Error('nobody listens')
    })
    await world.quiet()
    expect(node.all('RunFailed')).toHaveLength(1)
  })

  test('is told when its node is shut down, for then nobody will', async () => {
    const { world, node, run } = await running(() => new Promise(() => {}))
    const result = run.result().catch((error: unknown) => error)
    await world.quiet()
    await node.shutdown(1_000)
    const told = await Promise.race([result, world.quiet().then(() => 'nothing')])
    expect(told).toMatchObject({ code: 'closed' })
  })
})
