/**
 * A trigger in plain English, for lists and logs: `every 90 s`, `at 09:00 on Monday to Friday, Europe/Paris`. For reading
 * only; nothing parses it, and its wording may change.
 */

import { parseCronFields } from './cron-fields.ts'
import { hasHash, parseCrontab } from './crontab.ts'
import { describeSelection } from './describe-cron.ts'
import { isoDurationMs } from './duration.ts'
import { weekdayBits } from './form.ts'
import type {
  CalendarIntervalTrigger,
  CronFields,
  CronTrigger,
  CrontabTrigger,
  DailyWindowTrigger,
  DstPolicy,
  ExcludingTrigger,
  Exclusion,
  Trigger,
  WeekdayName,
} from './trigger.ts'
import { annualWords, durationWords, joinWords, plural, weekdayWords } from './words.ts'

/** More dates than this are counted instead of listed. */
const MAX_LISTED_DATES = 4

/** Describes a trigger that `parseTrigger` accepted; for such a one it never throws. */
export function describeTrigger(trigger: Trigger): string {
  const repeat = trigger.repeat === undefined ? '' : `, ${plural(trigger.repeat, 'time')} in all`
  const jitter = trigger.jitterMs === undefined ? '' : `, delayed by up to ${durationWords(trigger.jitterMs)}`
  return `${schedule(trigger)}${repeat}${jitter}`
}

function schedule(trigger: Trigger): string {
  switch (trigger.type) {
    case 'date':
      return `once at ${trigger.at}${zoneWords(trigger.zone)}`
    case 'interval':
      return `every ${isoWords(trigger.every)}${boundWords(trigger)}`
    case 'cron':
    case 'crontab':
      return cronSchedule(trigger)
    case 'calendar-interval':
      return `${stepWords(trigger)} at ${trigger.time ?? '00:00'}${boundWords(trigger)}${zoneWords(trigger.zone)}`
    case 'daily-window':
      return windowSchedule(trigger)
    case 'rrule':
      return `by the rule ${trigger.rule
        .trim()
        .split(/\s*\n\s*/)
        .join(' ')}`
    case 'and':
      return `when all of these fire at once: ${joinWords(trigger.triggers.map(inBrackets))}`
    case 'or':
      return trigger.triggers.map(inBrackets).join(' or ')
    case 'excluding':
      return excludingSchedule(trigger)
  }
}

function inBrackets(trigger: Trigger): string {
  return `(${schedule(trigger)})`
}

function cronSchedule(trigger: CronTrigger | CrontabTrigger): string {
  return `${cronWords(trigger.type === 'cron' ? trigger.fields : trigger.expression)}${boundWords(trigger)}${zoneWords(trigger.zone)}${dstWords(trigger.dst)}`
}

function cronWords(cron: string | CronFields): string {
  if (typeof cron !== 'string') return describeSelection(parseCronFields(cron, 'fields'))
  if (hasHash(cron)) return `by crontab "${cron}", where the job's id decides H`
  return describeSelection(parseCrontab(cron, 'expression'))
}

function windowSchedule(trigger: DailyWindowTrigger): string {
  const days = trigger.weekdays === undefined ? 'every day' : `on ${dayNames(trigger.weekdays)}`
  const window = `every ${isoWords(trigger.every)} from ${trigger.from} to ${trigger.to} ${days}`
  return `${window}${boundWords(trigger)}${zoneWords(trigger.zone)}${dstWords(trigger.dst)}`
}

function stepWords(trigger: CalendarIntervalTrigger): string {
  const units = [
    [trigger.years, 'year'],
    [trigger.months, 'month'],
    [trigger.weeks, 'week'],
    [trigger.days, 'day'],
  ] as const
  const steps = units.flatMap(([count, noun]) => (count === undefined || count === 0 ? [] : [{ count, noun }]))
  const [only] = steps
  if (only !== undefined && steps.length === 1 && only.count === 1) return `every ${only.noun}`
  return `every ${joinWords(steps.map(({ count, noun }) => plural(count, noun)))}`
}

function excludingSchedule(trigger: ExcludingTrigger): string {
  return `${inBrackets(trigger.trigger)} except ${joinWords(trigger.exclude.map(exclusionWords))}${zoneWords(trigger.zone)}`
}

function exclusionWords(exclusion: Exclusion): string {
  if ('weekdays' in exclusion) return `on ${dayNames(exclusion.weekdays)}`
  if ('dates' in exclusion) return `on ${listOrCount(exclusion.dates)}`
  if ('annual' in exclusion) return `on ${listOrCount(exclusion.annual.map(annualWords))} of each year`
  if ('time' in exclusion) return `from ${exclusion.time[0]} until ${exclusion.time[1]}`
  if ('cron' in exclusion) return `during ${cronText(exclusion.cron)}`
  return `on holidays of ${exclusion.holidays}`
}

/** As written: an exclusion takes whole minutes or hours, where the words for a trigger say single times. */
function cronText(cron: string | CronFields): string {
  if (typeof cron === 'string') return `crontab "${cron}"`
  const fields = Object.entries(cron).map(([name, text]) => `${name} ${text}`)
  return `cron ${joinWords(fields)}`
}

function listOrCount(dates: readonly string[]): string {
  return dates.length <= MAX_LISTED_DATES ? joinWords(dates) : plural(dates.length, 'date')
}

function dayNames(names: readonly WeekdayName[]): string {
  return weekdayWords(weekdayBits(names))
}

function isoWords(duration: string): string {
  return durationWords(isoDurationMs(duration) ?? 0)
}

function boundWords(bounds: { readonly start?: string; readonly end?: string }): string {
  const from = bounds.start === undefined ? '' : `, from ${bounds.start}`
  return bounds.end === undefined ? from : `${from}, until ${bounds.end}`
}

function zoneWords(zone: string | undefined): string {
  return zone === undefined ? '' : `, ${zone}`
}

function dstWords(dst: DstPolicy | undefined): string {
  return dst === undefined || dst === 'compatible' ? '' : `, clock changes: ${dst}`
}
