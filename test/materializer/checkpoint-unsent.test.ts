/** The batches whose effects may not have left, as checkpoints carry them: no more of them than a record holds. */
import { expect, test } from 'vitest'
import type { CheckpointSource } from '../../src/materializer/checkpoint/checkpoint-source.ts'
import { TopicCheckpoints } from '../../src/materializer/checkpoint/topic-checkpoints.ts'
import { encodeUnsent } from '../../src/materializer/checkpoint/unsent-bytes.ts'
import { CheckpointScene } from '../support/checkpoint-scene.ts'
import { addJob, given } from '../support/inputs.ts'

const MINUTE = 60_000

function unsent(count: number): Uint8Array {
  return encodeUnsent(
    Array.from({ length: count }, (_, index) => ({
      epoch: 1,
      seq: index,
      offset: 20 * index,
      end: 20 * (index + 1),
      first: index,
    })),
  )
}

test('a checkpoint is not written while they are too many, which is said once, and is as soon as they are few', async () => {
  const scene = new CheckpointScene()
  const checkpoints = new TopicCheckpoints(scene.parts)
  await scene.announce()
  let extra = unsent(40_000)
  const { state } = scene
  const source: CheckpointSource = {
    state,
    get cursor() {
      return scene.cursor
    },
    extra: () => extra,
  }
  checkpoints.own(source)
  for (let turn = 0; turn < 5; turn += 1) {
    await scene.submit(addJob({}, { jobId: `job ${turn}`, envelope: given(`add ${turn}`) }))
    await scene.clock.advance(MINUTE)
  }
  expect(scene.warnings).toEqual(['the effects of too many batches have not left'])
  expect(await scene.stateRecords()).toEqual([])
  extra = unsent(2)
  await scene.clock.advance(MINUTE)
  expect(await new TopicCheckpoints(scene.parts).restore()).toMatchObject({ extra })
})
