/**
 * Schedules against the clock on the wall: every minute of a span is shown to a calendar that Intl alone makes, and what
 * should fire in it is decided from what that clock shows, minute by minute.
 */
import { crontab } from '../../src/core/triggers/make-trigger.ts'
import { compileTrigger } from '../../src/core/triggers/next-fire-time.ts'
import type { DstPolicy } from '../../src/core/triggers/trigger.ts'

export const ZONES: readonly string[] = [
  'Australia/Lord_Howe',
  'Antarctica/Troll',
  'Pacific/Apia',
  'America/Sao_Paulo',
  'Africa/Casablanca',
  'America/Havana',
  'America/New_York',
  'Europe/London',
  'America/Nuuk',
  'America/St_Johns',
  'Asia/Tehran',
  'Asia/Kathmandu',
]

/** The years that have most to show: Apia lost a day in 2011, São Paulo changed its clocks until 2019. */
export const FIRST_YEAR = 2011
export const LAST_YEAR = 2020

const MINUTE_MS = 60_000
const DAY_MINUTES = 1_440
const POLICIES: readonly DstPolicy[] = ['compatible', 'vixie', 'skip', 'wall']

interface Schedule {
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  /** 0 = Sunday; empty: all. */
  readonly weekdays: readonly number[]
}

const ALL_HOURS = Array.from({ length: 24 }, (_, hour) => hour)
const SCHEDULES: readonly Schedule[] = [
  { minutes: [30], hours: [2], weekdays: [] },
  { minutes: [0, 30], hours: [0, 1, 2, 3], weekdays: [] },
  { minutes: [15], hours: [0, 23], weekdays: [0, 5, 6] },
  { minutes: [0, 20, 40], hours: ALL_HOURS, weekdays: [] },
  { minutes: [10, 45], hours: [1, 13], weekdays: [0, 1, 4, 6] },
]

/** What a wall clock shows, as the minutes since 1970 that a clock in UTC would show so. */
export function wallClock(zone: string): (utcMinute: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  })
  return (utcMinute) => {
    // 03/10/2024, 03:30
    const text = format.format(utcMinute * MINUTE_MS)
    const number = (from: number, to: number): number => Number(text.slice(from, to))
    const day = Date.UTC(number(6, 10), number(0, 2) - 1, number(3, 5)) / MINUTE_MS
    return day + number(12, 14) * 60 + number(15, 17)
  }
}

export interface Scanned {
  readonly minutes: number
  readonly fires: number
  /** The first differences, in words. */
  readonly differences: readonly string[]
}

const MAX_DIFFERENCES = 5

/** Scans [from, to), minutes since 1970 in UTC; what goes before is not looked at, so it should be a quiet time. */
export function scanMinutes(zone: string, from: number, to: number): Scanned {
  const show = wallClock(zone)
  const walks = SCHEDULES.flatMap((schedule) => POLICIES.map((dst) => walk(schedule, zone, dst, from)))
  const differences: string[] = []
  let fires = 0
  let before = show(from - 1)
  let latest = before
  for (let minute = from; minute < to && differences.length < MAX_DIFFERENCES; minute += 1) {
    const local = show(minute)
    const skippedFrom = local > before + 1 ? before + 1 : null
    for (const one of walks) {
      if (skippedFrom !== null) one.skipped(skippedFrom, local, minute)
      const shouldFire = one.shouldFire(minute, local, local <= latest)
      const doesFire = one.next() === minute
      if (doesFire) fires += 1
      if (shouldFire !== doesFire) {
        differences.push(
          `${one.name}: ${doesFire ? 'fires' : 'does not fire'} at ${new Date(minute * MINUTE_MS).toISOString()}`,
        )
      }
      if (doesFire) one.advance()
    }
    before = local
    latest = Math.max(latest, local)
  }
  return { minutes: to - from, fires, differences }
}

/** One schedule under one policy, as the clock on the wall has it and as the engine does. */
function walk(schedule: Schedule, zone: string, dst: DstPolicy, from: number) {
  const text = `${schedule.minutes.join(',')} ${schedule.hours.join(',')} * * ${schedule.weekdays.join(',') || '*'}`
  const { next } = compileTrigger(crontab(text, { zone, dst }))
  const policy = schedule.hours.length === 24 ? 'wall' : dst
  const times = new Uint8Array(DAY_MINUTES)
  for (const hour of schedule.hours) for (const minute of schedule.minutes) times[hour * 60 + minute] = 1
  const matches = (local: number): boolean => {
    if (times[local % DAY_MINUTES] !== 1) return false
    // 1 January 1970 was a Thursday.
    return schedule.weekdays.length === 0 || schedule.weekdays.includes((Math.floor(local / DAY_MINUTES) + 4) % 7)
  }
  /** UTC minutes at which times that a gap skipped fire after all. */
  const moved = new Set<number>()
  const advance = (after: number): number => (next(after * MINUTE_MS) ?? Infinity) / MINUTE_MS
  let following = advance(from - 1)
  return {
    name: `${text} ${zone} ${dst}`,
    skipped(first: number, end: number, minute: number): void {
      if (policy === 'skip' || policy === 'wall') return
      for (let local = first; local < end; local += 1) {
        if (matches(local)) moved.add(policy === 'vixie' ? minute : minute + local - first)
      }
    },
    shouldFire(minute: number, local: number, isRepeated: boolean): boolean {
      const isMoved = moved.size > 0 && moved.delete(minute)
      return isMoved || (matches(local) && (policy === 'wall' || !isRepeated))
    },
    next: () => following,
    advance: () => void (following = advance(following)),
  }
}
