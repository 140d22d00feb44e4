/** What a client is given is its own: to change it changes no job, on any kind of node. */
import { describe, expect, test } from 'vitest'
import type { JobOptions } from '../../src/client/job-options.ts'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { type TestNode, World } from '../support/world.ts'

const JOB = {
  task: 'greet',
  trigger: interval('1h'),
  labels: { team: 'x' },
  metadata: { room: { floor: 1 } },
  retry: { maxAttempts: 3, nonRetryable: ['TypeError'] },
  payload: new Uint8Array([1, 2, 3]),
  contentType: 'application/octet-stream',
} satisfies Partial<JobOptions>

/** Changes all that can be changed. */
function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  if (value instanceof Uint8Array) value.fill(9)
  else if (value instanceof Date) value.setTime(0)
  else {
    for (const member of Object.values(value)) spoil(member)
    Reflect.set(value, 'spoilt', true)
    for (const name of Object.keys(value)) Reflect.set(value, name, 'spoilt')
  }
}

function seen({ client }: TestNode): unknown {
  return structuredClone(client.getJobs())
}

describe.each([
  ['the owner', 'a'],
  ['a node that follows', 'b'],
] as const)('what %s gave', (_which, name) => {
  async function nodes() {
    const world = new World({ topics: true })
    const first = await world.node('a', { roles: ['owner'] })
    const second = await world.node('b', { roles: ['owner'] })
    return { world, first, node: name === 'a' ? first : second, other: name === 'a' ? second : first }
  }

  test('as a job may be changed without a change to that job or to one added later', async () => {
    const { world, first, node, other } = await nodes()
    await world.pass(first.client.addJob({ id: 'one', ...JOB }))
    await world.quiet()
    const before = seen(node)
    spoil(node.client.getJob('one'))
    expect(seen(node)).toEqual(before)
    await world.pass(first.client.addJob({ id: 'later', ...JOB }))
    await world.quiet()
    expect(seen(node)).toEqual(seen(other))
    await world.check(node)
  })

  test('to a listener may be changed without a change to any job', async () => {
    const { world, first, node, other } = await nodes()
    node.client.on('JobAdded', spoil)
    for (const id of ['one', 'two']) await world.pass(first.client.addJob({ id, ...JOB }))
    await world.quiet()
    expect(seen(node)).toEqual(seen(other))
    await world.check(node)
  })
})
