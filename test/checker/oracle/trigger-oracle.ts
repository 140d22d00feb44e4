/**
 * When a trigger fires, computed a second time by other means than the product's: the checker's opinion on which
 * scheduled times there are.
 *
 * `date`, `interval`, `crontab`, `cron` and a job without a trigger have an oracle. The other types have none: of their
 * fires only the order is checked, and the report names them.
 */
import { createHash } from 'node:crypto'
import { CalendarOracle } from './calendar-oracle.ts'
import { readCrontab, readFields } from './crontab-text.ts'
import { instantOfText, zoneOf, type DstPolicy } from './zone.ts'

export interface Oracle {
  /** The first fire later than `after`; null: none. */
  next(after: number): number | null
}

export interface Schedule {
  /** `none` for a job without a trigger. */
  readonly type: string
  /** null: no oracle for this type. */
  readonly oracle: Oracle | null
  /** The first fire of a definition that was decided at `now`, later than `decided`. */
  readonly first: (now: number, decided: number) => number | null
  /** Number of fires in all. */
  readonly repeat: number | null
  readonly jitterMs: number
}

interface TriggerJson {
  readonly type: string
  readonly zone?: string
  readonly at?: string
  readonly every?: string
  readonly start?: string
  readonly end?: string
  readonly expression?: string
  readonly fields?: Readonly<Record<string, string>>
  readonly dst?: DstPolicy
  readonly repeat?: number
  readonly jitterMs?: number
}

/** `text`: the trigger of a definition; `anchor`: where an interval without a start begins. */
export function scheduleOf(text: string | null, anchor: number): Schedule {
  if (text === null) {
    const oracle = onlyAt(anchor)
    return { type: 'none', oracle, first: () => anchor, repeat: null, jitterMs: 0 }
  }
  const trigger = JSON.parse(text) as TriggerJson
  const oracle = oracleOf(trigger, anchor)
  return {
    type: trigger.type,
    oracle,
    first: (now, decided) => firstFire(trigger, oracle, now, decided),
    repeat: trigger.repeat ?? null,
    jitterMs: trigger.jitterMs ?? 0,
  }
}

/** A date that is past is due at once; an interval without a start is due after one interval; others from now on. */
function firstFire(trigger: TriggerJson, oracle: Oracle | null, now: number, decided: number): number | null {
  if (oracle === null) return null
  const from = Math.max(now, decided + 1)
  if (trigger.type === 'date') return oracle.next(-1)
  return oracle.next(trigger.type === 'interval' && trigger.start === undefined ? from : from - 1)
}

function oracleOf(trigger: TriggerJson, anchor: number): Oracle | null {
  const zone = zoneOf(trigger.zone ?? 'UTC')
  const bound = (text: string | undefined, open: number): number =>
    text === undefined ? open : instantOfText(text, zone)
  const end = (): number => bound(trigger.end, Infinity)
  switch (trigger.type) {
    case 'date':
      return onlyAt(instantOfText(trigger.at ?? '', zone))
    case 'interval': {
      const every = millisecondsOf(trigger.every ?? '')
      return grid(bound(trigger.start, anchor), every, end())
    }
    case 'crontab':
    case 'cron': {
      const spec = trigger.type === 'cron' ? readFields(trigger.fields ?? {}) : readCrontab(trigger.expression ?? '')
      return new CalendarOracle(spec, zone, trigger.dst ?? 'compatible', { start: bound(trigger.start, 0), end: end() })
    }
    default:
      return null
  }
}

function onlyAt(at: number): Oracle {
  return { next: (after) => (after < at ? at : null) }
}

function grid(start: number, every: number, end: number): Oracle {
  return {
    next(after) {
      const at = after < start ? start : start + (Math.floor((after - start) / every) + 1) * every
      return at > end ? null : at
    },
  }
}

const DURATION = /^P(?:([\d.]+)W)?(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$/i
const UNITS_MS = [604_800_000, 86_400_000, 3_600_000, 60_000, 1_000]

function millisecondsOf(duration: string): number {
  const match = DURATION.exec(duration)
  if (match === null) throw new Error(`not a duration of W D H M S: ${duration}`)
  const sum = UNITS_MS.reduce((total, unit, place) => total + Number(match[place + 1] ?? 0) * unit, 0)
  return Math.round(sum)
}

/** How much later than scheduled a fire is due. */
export function jitterOf(jobId: string, scheduledAt: number, jitterMs: number): number {
  if (jitterMs === 0) return 0
  const digest = createHash('sha256').update(`${jobId}\n${scheduledAt}`, 'utf8').digest()
  return Math.floor((digest.readUIntBE(0, 6) / 2 ** 48) * (jitterMs + 1))
}
