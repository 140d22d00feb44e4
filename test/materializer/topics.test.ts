/** Nodes whose commands, runs and reports go through topics, as on Kafka; here the topics are in memory. */
import { describe, expect, test } from 'vitest'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { World } from '../support/world.ts'

const TASKS = { greet: async () => ({ greeted: true }) }

describe('a node on topics', () => {
  test('answers a command, fires, executes and records the outcome', async () => {
    const world = new World({ partitions: 3 })
    const a = await world.node('a', { topics: true, tasks: TASKS })
    await world.pass(a.client.addJob({ id: 'hello', task: 'greet', trigger: interval('10s') }))
    const done = await world.pass(a.until('RunSucceeded'))
    expect(done.result).toEqual({ greeted: true })
    await world.check(a)
    await a.shutdown()
  })

  test('answers what another node asked for, and runs what another node owns', async () => {
    const world = new World({ partitions: 3 })
    const a = await world.node('a', { topics: true, tasks: TASKS })
    const b = await world.node('b', { topics: true, tasks: TASKS })
    const ids = ['one', 'two', 'three', 'four', 'five', 'six']
    await world.pass(Promise.all(ids.map((id) => b.client.addJob({ id, task: 'greet', trigger: interval('10s') }))))
    await world.advance(35_000)
    const fires = a.all('RunSucceeded')
    expect(fires.length).toBe(18)
    expect(b.all('RunSucceeded').length).toBe(18)
    expect(new Set(fires.map(({ executor }) => executor)).size).toBe(2)
    await world.check(a)
  })
})
