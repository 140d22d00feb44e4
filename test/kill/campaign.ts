/**
 * Kills a scheduler again and again, lets the independent checker judge the log after every kill, and at the end lets one
 * process bring everything to its end.
 *
 * What counts as wrong: any violation that the checker finds · an acknowledged command that is not on the log · a run
 * that was executed before it was on the log, or succeeded without being executed · a process that ends by itself.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Report } from '../checker/audit/report.ts'
import { violationLine } from '../checker/audit/report.ts'
import { checkLog } from '../checker/check-log.ts'
import { seededRandom } from './seeded-random.ts'
import { type Mode, Victim } from './victim.ts'
import { AT_MOST_ONCE } from './workload.ts'

export interface CampaignOptions {
  readonly kills: number
  readonly seed: number
  /** Where the logs are made, one folder after another. */
  readonly folder: string
  readonly say: (line: string) => void
}

export interface CampaignResult {
  kills: number
  /** Kills that came before the process owned the log. */
  killsWhileOpening: number
  /** Kills after which a run had no outcome. */
  killsWithOpenRuns: number
  /** Kills that cut a write short. */
  tornTails: number
  fires: number
  coalesced: number
  skipped: number
  missed: number
  retries: number
  lost: number
  /** Commands that were asked again under the same id, and were answered as such. */
  repeated: number
  /** Runs that were open at a kill and ended by a later process. */
  handedOverAgain: number
  acknowledged: number
  executed: number
  /** One line each; empty: all is well. */
  readonly wrong: string[]
  /** The folder with the log that is wrong. */
  wrongFolder: string | null
}

/** The log stays small, so that checking it after every kill stays cheap. */
const KILLS_PER_FOLDER = 25
/** The kill comes at a random moment: that is the fault, nothing waits here for anything. */
const SHARE_WHILE_OPENING = 0.15
const WHILE_OPENING_MS = { from: 0, to: 80 }
const WHILE_OWNING_MS = { from: 30, to: 400 }
const LINE_EVERY = 10

export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const result = noResult()
  const random = seededRandom(options.seed)
  const compiled = join(options.folder, 'compiled')
  await new Victim(`file:${join(options.folder, 'warm-up')}`, 'warm-up', 'open', compiled).ended
  for (let number = 0; result.kills < options.kills && result.wrong.length === 0; number += 1) {
    const log = new LogUnderFire(options.folder, number, random, result)
    const kills = Math.min(KILLS_PER_FOLDER, options.kills - result.kills)
    for (let kill = 0; kill < kills && result.wrong.length === 0; kill += 1) {
      await log.kill()
      if (result.kills % LINE_EVERY === 0) options.say(progress(result))
    }
    if (result.wrong.length === 0) await log.drain()
    log.addUp()
  }
  return result
}

/** One folder, from its first process to its last. */
class LogUnderFire {
  readonly #folder: string
  readonly #compiled: string
  readonly #name: string
  readonly #random: () => number
  readonly #result: CampaignResult
  readonly #acknowledged = new Set<string>()
  readonly #executed = new Set<string>()
  readonly #attempts = new Set<string>()
  #processes = 0
  #last: Report | null = null

  constructor(folder: string, number: number, random: () => number, result: CampaignResult) {
    this.#folder = join(folder, `log-${number}`)
    this.#compiled = join(folder, 'compiled')
    this.#name = `f${number}`
    this.#random = random
    this.#result = result
  }

  async kill(): Promise<void> {
    const victim = this.#start('run')
    const opening = this.#random() < SHARE_WHILE_OPENING
    const { from, to } = opening ? WHILE_OPENING_MS : WHILE_OWNING_MS
    const delayMs = from + this.#random() * (to - from)
    await Promise.race([victim.said(opening ? 'opening' : 'owns'), victim.ended])
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    victim.kill()
    const { code, signal } = await victim.ended
    if (signal !== 'SIGKILL') this.#wrong(`the process ended by itself with ${code ?? signal}: ${victim.stderr}`)
    this.#result.kills += 1
    if (opening && !victim.lines.includes('owns')) this.#result.killsWhileOpening += 1
    // Killed before the folder had a log, it cannot have acknowledged or run anything.
    const hasLog = victim.lines.includes('owns') || existsSync(join(this.#folder, 'log.json'))
    if (!hasLog) return
    const report = this.#check(victim, false)
    if (report.openRuns > 0) this.#result.killsWithOpenRuns += 1
    if (report.tornTailBytes > 0) this.#result.tornTails += 1
  }

  /** A process that is left alone brings every run to its outcome. */
  async drain(): Promise<void> {
    const victim = this.#start('drain')
    const { code, signal } = await victim.ended
    if (code !== 0) this.#wrong(`the last process ended with ${code ?? signal}: ${victim.stderr}`)
    this.#check(victim, true)
  }

  addUp(): void {
    const report = this.#last
    if (report === null) return
    const result = this.#result
    result.fires += report.fires
    result.coalesced += report.coalesced
    result.skipped += report.skipped
    result.missed += report.missed
    result.handedOverAgain += report.runsAcrossOwnerships
    result.repeated += report.duplicates
    result.retries += report.events.get('RunRetryQueued') ?? 0
    result.lost += report.events.get('RunLost') ?? 0
    result.acknowledged += this.#acknowledged.size
    result.executed += this.#executed.size
  }

  #start(mode: Mode): Victim {
    this.#processes += 1
    return new Victim(`file:${this.#folder}`, `${this.#name}-${this.#processes}`, mode, this.#compiled)
  }

  #check(victim: Victim, final: boolean): Report {
    for (const commandId of victim.after('acknowledged')) this.#acknowledged.add(commandId)
    for (const attempt of victim.after('ran')) this.#ran(attempt)
    if (victim.hung) this.#wrong(`the process hung after: ${victim.lines.slice(-3).join(', ')}`)
    for (const failure of victim.after('failed')) this.#wrong(`a promise was rejected: ${failure}`)
    const report = checkLog(this.#folder, { final, acknowledged: this.#acknowledged, executed: this.#executed })
    if (report.givenFireTimes > 0) this.#wrong(`${report.givenFireTimes} first fires are not the trigger's own`)
    const modified = report.events.get('JobModified') ?? 0
    if (modified > 0) this.#wrong(`${modified} jobs were modified, but every process adds the same`)
    for (const violation of report.violations) this.#wrong(violationLine(violation))
    this.#last = report
    return report
  }

  /** `<run id> <attempt>` */
  #ran(attempt: string): void {
    const jobId = attempt.slice(0, attempt.indexOf('/'))
    if (this.#attempts.has(attempt) && AT_MOST_ONCE.includes(jobId)) this.#wrong(`executed a second time: ${attempt}`)
    this.#attempts.add(attempt)
    this.#executed.add(attempt.slice(0, attempt.lastIndexOf(' ')))
  }

  #wrong(line: string): void {
    this.#result.wrong.push(line)
    this.#result.wrongFolder = this.#folder
  }
}

function noResult(): CampaignResult {
  const kills = { kills: 0, killsWhileOpening: 0, killsWithOpenRuns: 0, tornTails: 0 }
  const decided = { fires: 0, coalesced: 0, skipped: 0, missed: 0, retries: 0, lost: 0 }
  const seen = { repeated: 0, handedOverAgain: 0, acknowledged: 0, executed: 0 }
  return { ...kills, ...decided, ...seen, wrong: [], wrongFolder: null }
}

function progress({ kills, killsWithOpenRuns, killsWhileOpening }: CampaignResult): string {
  return `${kills} kills, ${killsWithOpenRuns} with open runs, ${killsWhileOpening} before the log was owned`
}

/** What makes a campaign without violations worth nothing: kills that met nothing. One line each. */
export function vacuity(result: CampaignResult): string[] {
  const { kills, killsWhileOpening, killsWithOpenRuns, fires, handedOverAgain, retries, acknowledged } = result
  const atWork = kills - killsWhileOpening
  const demands: [string, boolean][] = [
    ['half of the kills at work find open runs', killsWithOpenRuns >= atWork / 2],
    ['jobs fire between the kills', fires >= 20 * atWork],
    ['runs are handed over again', handedOverAgain >= atWork / 4],
    ['times pass while nobody runs', result.coalesced + result.missed > 0],
    ['fires find their job running', result.skipped > 0],
    ['attempts fail and are tried again', retries > 0],
    ['commands are acknowledged', acknowledged >= atWork],
    ['commands are asked again', result.repeated > 0],
  ]
  return demands.filter(([, met]) => !met).map(([sentence]) => `not met: ${sentence}`)
}
