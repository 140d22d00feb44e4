/** Triggers beside cron-parser, croner and luxon: next fire times, size and time of a parsed trigger. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { CronExpressionParser } from 'cron-parser'
import { Cron } from 'croner'
import { DateTime } from 'luxon'
import { compileTrigger } from '../src/core/triggers/next-fire-time.ts'
import { parseTrigger } from '../src/core/triggers/parse-trigger.ts'
import type { BenchLine } from './line.ts'

interface Schedule {
  readonly name: string
  readonly trigger: object
  /** Six fields, for the others; `L` is croner's and cron-parser's. */
  readonly text: string
  readonly zone: string
  /** The next time as one would write it with luxon, where that is short. */
  readonly luxon: (after: DateTime) => DateTime
}

const NEW_YORK = 'America/New_York'
const START = Date.UTC(2027, 0, 1)
/** Short ones, so that some of them are not disturbed by neighbours. */
const ROUNDS = 25

const SCHEDULES: readonly Schedule[] = [
  {
    name: 'every-minute',
    ...cron('0 * * * * *', 'UTC'),
    luxon: (after) => after.startOf('minute').plus({ minutes: 1 }),
  },
  { name: 'weekdays-9', ...cron('0 0 9 * * 1-5', NEW_YORK), luxon: nextWeekday },
  {
    name: 'every-10-s',
    ...cron('*/10 * * * * *', 'UTC'),
    luxon: (after) => after.plus({ seconds: 10 - (after.second % 10) }),
  },
  { name: '29-february', ...cron('0 0 0 29 2 *', 'UTC'), luxon: nextLeapDay },
  { name: 'last-sunday', ...cron('0 0 0 * * 0L', NEW_YORK), luxon: nextLastSunday },
]

export function benchTriggers(): Promise<BenchLine[]> {
  const lines = SCHEDULES.flatMap(benchNext)
  lines.push(benchParse(), benchBytes())
  printTable(lines)
  return Promise.resolve(lines)
}

/** Ours against each of the others; all walk through the same fires, and must agree on them. */
function benchNext(schedule: Schedule): BenchLine[] {
  const { next } = compileTrigger(parseTrigger(schedule.trigger))
  const { text, zone } = schedule
  const parser = CronExpressionParser.parse(text, { tz: zone, currentDate: new Date(START) })
  const croner = new Cron(text.replace('0L', '0#L'), { timezone: zone, paused: true })
  const walks: readonly { readonly peer: string; readonly step: (after: number) => number }[] = [
    { peer: 'cron-parser', step: () => parser.next().getTime() },
    { peer: 'croner', step: (after) => croner.nextRun(new Date(after))?.getTime() ?? START },
    { peer: 'luxon by hand', step: (after) => schedule.luxon(DateTime.fromMillis(after, { zone })).toMillis() },
  ]
  const ours = (after: number): number => next(after) ?? START
  agree(schedule.name, ours, walks)
  const value = nanoseconds(ours, 100_000)
  return walks.map(({ peer, step }) => {
    const peerValue = nanoseconds(step, 100)
    return { bench: `triggers/next/${schedule.name}`, unit: 'ns', value, peer, peerValue, ratio: value / peerValue }
  })
}

function agree(
  name: string,
  ours: (after: number) => number,
  walks: readonly { readonly peer: string; readonly step: (after: number) => number }[],
): void {
  for (const { peer, step } of walks) {
    let at = START
    for (let fire = 0; fire < 3; fire += 1) {
      const wanted = ours(at)
      const theirs = step(at)
      if (theirs !== wanted) throw new Error(`${name}: ${peer} says ${theirs}, not ${wanted}`)
      at = wanted
    }
  }
}

/** The fastest round, for both sides: it is the least disturbed by neighbours. Each fire is asked for after the one before; from the start again when the century is over. */
function nanoseconds(step: (after: number) => number, steps: number): number {
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    let at = START
    const began = performance.now()
    for (let i = 0; i < steps; i += 1) {
      at = step(at)
      if (at > LAST) at = START
    }
    rounds.push(((performance.now() - began) / steps) * 1e6)
  }
  return Math.min(...rounds)
}

const LAST = Date.UTC(2090, 0, 1)

/** Different texts, so that none is remembered from before. */
function texts(): string[] {
  return Array.from(
    { length: 10_000 },
    (_, i) => `${i % 60} ${Math.floor(i / 60) % 24} * ${1 + (Math.floor(i / 1_440) % 12)} 1-5`,
  )
}

function benchParse(): BenchLine {
  const value = microseconds((expression, round) => {
    parseTrigger({ type: 'crontab', expression, zone: NEW_YORK, jitterMs: round + 1 })
  })
  const peerValue = microseconds((expression) => void new Cron(expression, { timezone: NEW_YORK, paused: true }))
  return { bench: 'triggers/parse', unit: 'µs', value, peer: 'croner', peerValue, ratio: value / peerValue }
}

function microseconds(parse: (expression: string, round: number) => void): number {
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const all = texts().slice(round * 400, (round + 1) * 400)
    const began = performance.now()
    for (const expression of all) parse(expression, round)
    rounds.push(((performance.now() - began) / all.length) * 1e3)
  }
  return Math.min(...rounds)
}

/** Heap of parsed triggers that are kept, with all that they hold on to. */
function benchBytes(): BenchLine {
  const value = bytesEach(texts(), (expression) => {
    const trigger = parseTrigger({ type: 'crontab', expression, zone: NEW_YORK })
    compileTrigger(trigger).next(START)
    return trigger
  })
  const peerValue = bytesEach(texts().slice(0, 1_000), (expression) => {
    const cron = new Cron(expression, { timezone: NEW_YORK, paused: true })
    cron.nextRun(new Date(START))
    return cron
  })
  return { bench: 'triggers/bytes', unit: 'B', value, peer: 'croner', peerValue, ratio: value / peerValue }
}

function bytesEach(expressions: readonly string[], make: (expression: string) => object): number {
  const kept: object[] = new Array<object>(expressions.length)
  collect()
  const before = process.memoryUsage().heapUsed
  for (const [index, expression] of expressions.entries()) kept[index] = make(expression)
  collect()
  return (process.memoryUsage().heapUsed - before) / kept.length
}

function cron(text: string, zone: string): Pick<Schedule, 'text' | 'zone' | 'trigger'> {
  return { text, zone, trigger: { type: 'crontab', expression: text, zone } }
}

function nextWeekday(after: DateTime): DateTime {
  let day = after.set({ hour: 9, minute: 0, second: 0, millisecond: 0 })
  if (day <= after) day = day.plus({ days: 1 })
  while (day.weekday > 5) day = day.plus({ days: 1 })
  return day
}

function nextLeapDay(after: DateTime): DateTime {
  let year = after.year
  for (;;) {
    const day = DateTime.fromObject({ year, month: 2, day: 29 }, { zone: after.zone })
    if (day.isValid && day > after) return day
    year += 1
  }
}

function nextLastSunday(after: DateTime): DateTime {
  for (let month = after.startOf('month'); ; month = month.plus({ months: 1 })) {
    const last = month.endOf('month').startOf('day')
    const day = last.minus({ days: last.weekday % 7 })
    if (day > after) return day
  }
}

function printTable(lines: readonly BenchLine[]): void {
  const rows = lines.map(({ bench, unit, value, peer = '', peerValue = 0, ratio = 1 }) => [
    bench,
    `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`,
    `${peer} ${peerValue.toFixed(0)} ${unit}`,
    `${(1 / ratio).toFixed(ratio > 0.01 ? 1 : 0)}×`,
  ])
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  for (const row of rows) {
    process.stderr.write(`${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`)
  }
}

function collect(): void {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
}
