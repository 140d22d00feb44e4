/**
 * Random histories through the real core over a log, with checkpoints of both kinds at random moments: whatever is restored,
 * gone on from, is what the whole log makes.
 */
import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import { LocalCheckpoint } from '../../src/materializer/checkpoint/local-checkpoint.ts'
import { TopicCheckpoints } from '../../src/materializer/checkpoint/topic-checkpoints.ts'
import type { ReportType } from '../../src/core/reports.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import type { StateStore } from '../../src/ports/state-store.ts'
import { CheckpointScene } from '../support/checkpoint-scene.ts'
import { compacted, over } from '../support/compacted-log.ts'
import { addJob, command, given, pauseJob, removeJob, report, resumeJob, runJob } from '../support/inputs.ts'
import { every } from '../support/moments.ts'

/** A process writes its checkpoints until it dies: what it writes then never arrives. */
class Process {
  writesLeft = Number.MAX_SAFE_INTEGER
  readonly local: LocalCheckpoint
  readonly topic: TopicCheckpoints

  constructor({ parts }: CheckpointScene, store: StateStore) {
    const write: StateStore['write'] = (rows) => this.#alive(() => store.write(rows))
    const append: EventLog['append'] = (to, records) => this.#alive(() => parts.log.append(to, records))
    this.local = new LocalCheckpoint({ ...parts, store: { ...store, write } })
    this.topic = new TopicCheckpoints({ ...parts, log: over(parts.log, { append }) })
  }

  #alive<T>(act: () => Promise<T>): Promise<T> {
    this.writesLeft -= 1
    return this.writesLeft < 0 ? new Promise(() => {}) : act()
  }
}

class History {
  readonly scene: CheckpointScene = new CheckpointScene()
  readonly #store: StateStore = createMemoryStore()
  process = new Process(this.scene, this.#store)
  restores = { local: 0, topic: 0 }

  async own(): Promise<void> {
    await this.scene.announce()
    this.process.topic.own(this.scene.source)
    this.process.local.changed()
  }

  begin(): void {
    this.process.local.begin(this.scene.source)
  }

  async commit(): Promise<void> {
    await this.scene.commit()
    this.process.local.changed()
  }

  /** Time passes, and what is due is decided: checkpoints are written on the way. */
  async pass(ms: number): Promise<void> {
    await this.commit()
    await this.scene.clock.advance(ms)
    this.scene.fire()
    await this.commit()
  }

  /** The process is killed and another takes over from what is stored. */
  async restart(from: 'local' | 'topic'): Promise<void> {
    await this.check()
    this.process.writesLeft = 0
    this.process = new Process(this.scene, this.#store)
    const { local, topic } = this.process
    const restored = await (from === 'local' ? local : topic).restore()
    await this.scene.refolded(restored, (source) => {
      if (from === 'local' && restored !== null) local.begin(source)
    })
    if (from === 'topic' || restored === null) local.begin(this.scene.source)
    await this.own()
  }

  async check(): Promise<void> {
    const { scene } = this
    const expected = await scene.replayed()
    const local = await new LocalCheckpoint({ ...scene.parts, store: this.#store }).restore()
    if (local !== null) {
      this.restores.local += 1
      deepStrictEqual(await scene.goneOnFrom(local), expected, 'the local checkpoint')
    }
    for (const log of [scene.log, compacted(scene.log, 'state')]) {
      const topic = await new TopicCheckpoints({ ...scene.parts, log }).restore()
      if (topic === null) continue
      this.restores.topic += 1
      deepStrictEqual(await scene.goneOnFrom(topic), expected, 'the checkpoint on the state topic')
    }
    deepStrictEqual(scene.warnings, [])
    deepStrictEqual(scene.canonical(scene.state), expected, 'what was gone on from')
  }

  openRun(pick: number): { readonly runId: string; readonly attempt: number } {
    const open = [...this.scene.state.runs()]
    return open[pick % Math.max(open.length, 1)] ?? { runId: 'a/1-1-0/none', attempt: 1 }
  }
}

interface Act {
  (history: History): void | Promise<void>
  [fc.toStringMethod]?: () => string
}

function named(name: string, run: Act): Act {
  return Object.assign((history: History) => run(history), { [fc.toStringMethod]: () => name })
}

const jobId = fc.constantFrom('a', 'b', 'c', 'd')
/** Few, so that ids come again. */
const commandId = fc.constantFrom('v', 'w', 'x', 'y', 'z')

const commands: fc.Arbitrary<Act> = fc
  .record({
    verb: fc.constantFrom('add', 'add', 'add', 'remove', 'pause', 'resume', 'run', 'run', 'pause-all', 'resume-all'),
    id: jobId,
    commandId,
    period: fc.constantFrom('1s', '10s', '60s'),
    overlap: fc.constantFrom('skip', 'queue', 'cancel-running'),
  })
  .map((asked) =>
    named(`${asked.verb} ${asked.id} as ${asked.commandId}`, ({ scene }) => {
      const by = given(asked.commandId)
      const labels = { team: asked.id }
      switch (asked.verb) {
        case 'add':
          scene.decide(
            addJob(
              { trigger: every(asked.period), overlap: asked.overlap, labels, retry: { maxAttempts: 2 } },
              { jobId: asked.id, envelope: by },
            ),
          )
          return
        case 'remove':
          return void scene.decide(removeJob(asked.id, by))
        case 'pause':
          return void scene.decide(pauseJob('so', asked.id, by))
        case 'resume':
          return void scene.decide(resumeJob(asked.id, by))
        case 'run':
          return void scene.decide(runJob({ jobId: asked.id, envelope: by, payload: Uint8Array.of(1, 2) }))
        case 'pause-all':
          return void scene.decide(command({ type: 'PauseJobs', labels, reason: null, until: null }, by))
        default:
          return void scene.decide(command({ type: 'ResumeJobs', labels }, by))
      }
    }),
  )

const TYPES: readonly ReportType[] = ['started', 'succeeded', 'succeeded', 'failed', 'cancelled']
const reports: fc.Arbitrary<Act> = fc
  .record({ type: fc.constantFrom(...TYPES), pick: fc.nat() })
  .map(({ type, pick }) =>
    named(type, (history) => {
      const { runId, attempt } = history.openRun(pick)
      history.scene.decide(report(type, runId, { attempt, executor: 'p', at: history.scene.now }))
    }),
  )

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: commands },
  { weight: 6, arbitrary: reports },
  { weight: 2, arbitrary: fc.constant(named('commit', (history) => history.commit())) },
  {
    weight: 6,
    arbitrary: fc
      .constantFrom(100, 1_000, 10_000, 70_000, 1_800_000, 3_600_000)
      .map((ms) => named(`${ms} ms`, (history) => history.pass(ms))),
  },
  { weight: 1, arbitrary: fc.constant(named('new owner', (history) => history.commit().then(() => history.own()))) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('local', 'topic')
      .map((from) =>
        named(`restart from ${from}`, (history) => history.commit().then(() => history.restart(from as 'local'))),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 0, max: 6 }).map((writes) =>
      named(`dies after ${writes} writes`, ({ process }) => {
        process.writesLeft = Math.min(process.writesLeft, writes)
      }),
    ),
  },
  { weight: 1, arbitrary: fc.constant(named('check', (history) => history.commit().then(() => history.check()))) },
)

test('whatever is restored, gone on from, is what the whole log makes', async () => {
  const restores = { local: 0, topic: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(act, { size: 'max', maxLength: 60 }), async (acts) => {
      const history = new History()
      await history.own()
      history.begin()
      for (const one of acts) await one(history)
      await history.commit()
      await history.check()
      restores.local += history.restores.local
      restores.topic += history.restores.topic
    }),
    { numRuns: 60 },
  )
  expect(restores.local, 'there was often something to restore').toBeGreaterThan(60)
  expect(restores.topic).toBeGreaterThan(60)
}, 30_000)
