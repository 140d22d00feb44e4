// Whatever members do and whenever they die: nothing is committed that isn't over, and every run is over at the end.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { groupScene, runIdOf, type GroupScene, type Worker } from './group-scene.ts'

const PARTITIONS = 3

type Step =
  | { readonly type: 'runs'; readonly partition: number; readonly count: number }
  | { readonly type: 'copy' | 'finish' | 'kill' | 'drain' | 'commits'; readonly pick: number }
  | { readonly type: 'join' }
  | { readonly type: 'advance'; readonly ms: number }

const pick = fc.nat(1_000)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('runs'), partition: fc.nat(2), count: fc.nat(6) }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('finish'), pick }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('advance'), ms: fc.nat(1_500) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('join') }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('copy', 'kill', 'drain', 'commits'), pick }) },
)

/** A group whose steps are drawn; it knows which run lies where. */
class Play {
  readonly scene: GroupScene = groupScene({ partitions: PARTITIONS })
  /** Names of the runs of each partition, by offset. */
  readonly places: string[][] = Array.from({ length: PARTITIONS }, () => [])
  readonly #workers: Worker[] = []
  #members = 0
  #runs = 0

  async take(step: Step): Promise<void> {
    const { clock } = this.scene
    switch (step.type) {
      case 'runs':
        for (let made = 0; made < step.count; made++) await this.#append(`run ${this.#runs++}`, step.partition)
        return
      case 'copy': {
        const partition = step.pick % PARTITIONS
        const name = this.places[partition]!.at(-1)
        return name === undefined ? undefined : this.#append(name, partition)
      }
      case 'finish':
        this.#one(step.pick)?.finish(`run ${step.pick % Math.max(this.#runs, 1)}`)
        return clock.settle()
      case 'kill':
        return this.#leaves(step.pick)?.kill()
      case 'drain':
        void this.#leaves(step.pick)?.node.drain(clock.now() + 2_000)
        return clock.settle()
      case 'commits':
        return this.#one(step.pick)?.takeCommits(step.pick % 3 === 0)
      case 'join':
        this.#workers.push(await this.scene.worker(`member ${this.#members++}`, { concurrency: 3 }))
        return
      case 'advance':
        return clock.advance(step.ms)
    }
  }

  /** All who are left return whatever they run, until nothing is new. */
  async end(): Promise<void> {
    await this.take({ type: 'join' })
    for (const one of this.#workers) one.takeCommits(true)
    for (let before = -1, now = 0; now !== before; now = (await this.scene.reports()).length) {
      before = now
      for (const one of this.#workers) for (const name of one.begun) one.finish(name)
      await this.scene.clock.advance(3_000)
    }
  }

  async #append(name: string, partition: number): Promise<void> {
    this.places[partition]!.push(name)
    await this.scene.runs([name], {}, partition)
  }

  #one(pick: number): Worker | undefined {
    return this.#workers[pick % this.#workers.length]
  }

  #leaves(pick: number): Worker | undefined {
    return this.#workers.splice(pick % this.#workers.length, 1)[0]
  }
}

/** Ids of the runs that have a final report. */
async function over(scene: GroupScene): Promise<ReadonlySet<string>> {
  const reports = await scene.reports()
  return new Set(reports.filter(({ type }) => type === 'succeeded').map(({ runId }) => runId))
}

test('a group commits nothing that is not over, and leaves nothing out', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), async (steps) => {
      const play = new Play()
      const { scene, places } = play
      for (const one of steps) {
        await play.take(one)
        const done = await over(scene)
        for (const [partition, position] of scene.committed) {
          const open = places[partition]!.slice(0, position).filter((name) => !done.has(runIdOf(name)))
          expect({ partition, position, open }).toEqual({ partition, position, open: [] })
        }
      }
      await play.end()
      expect(await over(scene)).toEqual(new Set(places.flat().map(runIdOf)))
      for (const [partition, there] of places.entries()) expect(scene.committed.get(partition) ?? 0).toBe(there.length)
    }),
    { numRuns: 100 },
  )
})
