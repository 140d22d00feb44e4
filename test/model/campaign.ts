/** Runs of the model test: each a fresh system under a list of random commands, put to rest and compared at its end. */
import fc from 'fast-check'
import { checkAll } from './checks.ts'
import { Ledger } from './ledger.ts'
import { firstJobs, orders } from './orders.ts'
import { reports } from './reports.ts'
import { type Act, Step } from './step.ts'
import { System } from './system.ts'
import { troubles } from './troubles.ts'

export interface CampaignOptions {
  readonly runs: number
  readonly seed: number
  /** Of a failure that was told: begins there. */
  readonly path?: string
  readonly replayPath?: string
  /** Looks for a shorter run that fails as well. */
  readonly shrinks: boolean
}

export interface CampaignResult {
  readonly ledger: Ledger
  /** What failed first, as people read it; null: nothing. */
  readonly failure: string | null
}

/** The longest run; the mean is half of it. */
const MAX_COMMANDS = 140

/** Several at once, which ride in one batch. */
const burst: fc.Arbitrary<Act> = fc
  .array(fc.oneof(...orders, ...reports), { minLength: 2, maxLength: 5 })
  .map((acts) => ({
    kind: 'burst',
    details: acts.map(({ kind, details }) => ({ kind, details })),
    act: async (system) => {
      for (const { kind, act } of acts) {
        system.ledger.commanded(kind)
        await act(system)
      }
    },
  }))

const step = fc
  .oneof(...orders, ...reports.map(({ weight, arbitrary }) => ({ weight: weight * 5, arbitrary })), ...troubles, {
    weight: 8,
    arbitrary: burst,
  })
  .map((act) => new Step(act))

const first = firstJobs.map((acts) => acts.map((act) => new Step(act)))

export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { runs, seed, path, replayPath, shrinks } = options
  const ledger = new Ledger()
  const steps = fc.commands([step], {
    maxCommands: MAX_COMMANDS,
    size: 'max',
    ...(replayPath === undefined ? {} : { replayPath }),
  })
  const run = fc.asyncProperty(first, fc.integer({ min: 1, max: 2 }), steps, async (begin, partitions, commands) => {
    ledger.begin()
    const system = new System({ partitions, ledger })
    try {
      await fc.asyncModelRun(async () => {
        await system.start()
        for (const step of begin) await step.run({}, system)
        return { model: {}, real: system }
      }, commands)
      await putToRest(system)
    } finally {
      system.stop()
    }
  })
  const parameters = { numRuns: runs, seed, endOnFailure: !shrinks, ...(path === undefined ? {} : { path }) }
  const details = await fc.check(run, parameters)
  if (!details.failed) return { ledger, failure: null }
  const { errorInstance, counterexamplePath } = details
  const why = errorInstance instanceof Error ? errorInstance.stack : String(errorInstance)
  const report = fc.defaultReportMessage(details) ?? ''
  const [, found = ''] = /replayPath="([^"]*)"/.exec(report) ?? []
  const again = `npm run test:model -- --seed ${seed} --path ${counterexamplePath} --replay-path '${found}'`
  return { ledger, failure: `${report}\n${why}\nagain: ${again}` }
}

const LONG_ENOUGH_MS = 30_000

/** The troubles end, time passes, and then everything has come to the same. */
async function putToRest(system: System): Promise<void> {
  system.fates = []
  system.land(true)
  for (const one of system.alive) one.setFiring(true)
  const [member] = system.alive
  await system.catchUp()
  await system.observe()
  if (member !== undefined) {
    for (const partition of system.observers.keys()) system.assign(partition, member, true)
  }
  await system.advance(LONG_ENOUGH_MS)
  await checkAll(system)
}
