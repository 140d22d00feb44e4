import { expect, test } from 'vitest'
import { QueuedRuns } from '../../src/materializer/queued-runs.ts'

const runsAt = (...times: number[]) => times.map((queuedAt, index) => ({ runId: `run-${index}`, queuedAt }))

test('runs are given in the order of time, each to the first span that has it', () => {
  const queued = new QueuedRuns(runsAt(30, 10, 20, 20, 40))
  expect(queued.takeBetween(10, 20)).toEqual(['run-1', 'run-2', 'run-3'])
  expect(queued.takeBetween(20, 30)).toEqual(['run-0'])
  expect(queued.takeBetween(40, 50)).toEqual(['run-4'])
  expect(queued.takeBetween(50, 60)).toEqual([])
})

test('runs before and between the spans are given to none', () => {
  const queued = new QueuedRuns(runsAt(5, 10, 15, 20))
  expect([...queued.takeBetween(10, 10), ...queued.takeBetween(20, 30)]).toEqual(['run-1', 'run-3'])
})

test('each run is looked at once, however many spans are asked for', () => {
  let looks = 0
  const runs = Array.from({ length: 100 }, (_, index) => ({
    runId: `run-${index}`,
    get queuedAt() {
      looks += 1
      return index
    },
  }))
  const queued = new QueuedRuns(runs)
  looks = 0
  const taken = runs.flatMap((_, time) => queued.takeBetween(time, time))
  expect(taken).toHaveLength(100)
  expect(looks).toBeLessThanOrEqual(200)
})
