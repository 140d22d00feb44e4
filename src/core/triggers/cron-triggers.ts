/** Forms and evaluation of `cron` and `crontab`. The two differ only in how a selection is written. */

import type { Calendars } from './calendars.ts'
import { compileZoned, resolveBounds, tableOf, unsupported } from './compiled-trigger.ts'
import type { CompiledTrigger } from './compiled-trigger.ts'
import { FIELD_NAMES, parseCronFields } from './cron-fields.ts'
import { cronMatcher } from './cron-matcher.ts'
import { cronSpec, matchesSomeDate } from './cron-spec.ts'
import type { CronSelection } from './cron-spec.ts'
import { hasHash, parseCrontab } from './crontab.ts'
import { JOB_MEMBERS, optional, readDst, readForm, readText, readZone, required } from './form.ts'
import type { Form, Read } from './form.ts'
import { readDateTime } from './simple-triggers.ts'
import { TriggerError } from './trigger-error.ts'
import type { CronFields, CronTrigger, CrontabTrigger } from './trigger.ts'

const field = optional(readText())

const FIELDS_FORM: Form<CronFields> = {
  year: field,
  month: field,
  day: field,
  week: field,
  dayOfWeek: field,
  hour: field,
  minute: field,
  second: field,
}

export const readFields: Read<CronFields> = (value, path, scope) => readForm(value, path, scope, FIELDS_FORM)

const ZONED_MEMBERS = {
  zone: optional(readZone),
  dst: optional(readDst),
  start: optional(readDateTime),
  end: optional(readDateTime),
  ...JOB_MEMBERS,
}

export const CRON_FORM: Form<CronTrigger> = { fields: required(readFields), ...ZONED_MEMBERS }

export const CRONTAB_FORM: Form<CrontabTrigger> = { expression: required(readText()), ...ZONED_MEMBERS }

export function compileCron(trigger: CronTrigger, path: string, calendars: Calendars): CompiledTrigger {
  const selection = parseCronFields(trigger.fields, `${path}.fields`)
  return compileSelection(selection, trigger, calendars, path, `${path}.fields`)
}

export function compileCrontab(trigger: CrontabTrigger, path: string, calendars: Calendars): CompiledTrigger {
  const { expression } = trigger
  const textPath = `${path}.expression`
  if (!hasHash(expression)) {
    return compileSelection(parseCrontab(expression, textPath), trigger, calendars, path, textPath)
  }
  parseCrontab(expression, textPath)
  resolveBounds(trigger, tableOf(calendars, trigger.zone, path), path)
  return unsupported(textPath, 'H has no value yet: it is replaced when a job is added (resolveTrigger with a job id)')
}

/** Which fields are given, in order of significance. */
export function givenFields(fields: CronFields): readonly (keyof CronFields)[] {
  return FIELD_NAMES.filter((name) => fields[name] !== undefined)
}

function compileSelection(
  selection: CronSelection,
  trigger: CronTrigger | CrontabTrigger,
  calendars: Calendars,
  path: string,
  textPath: string,
): CompiledTrigger {
  const spec = cronSpec(selection)
  if (!matchesSomeDate(spec)) {
    throw new TriggerError('never-fires', textPath, 'never fires: no date within 400 years matches all of its fields')
  }
  const table = tableOf(calendars, trigger.zone, path)
  return compileZoned(cronMatcher(spec), table, trigger.dst, resolveBounds(trigger, table, path))
}
