/** Inputs for the parsers of triggers: right ones, right ones with something changed, and noise. */
import type { Random } from './random.ts'

const CRONTABS: readonly string[] = [
  '*/5 * * * *',
  '0 9 * * mon-fri',
  '15,45 8-18/2 1,15 * *',
  '0 0 L * *',
  '0 0 15W * 5L',
  '0 12 * * fri#2',
  '@daily',
  'H H(0-7) * * *',
  '*/10 0 0 1 jan,jul ?',
  '0 0 29 2 *',
  '5/15 * ? * 6-2',
  '30 2 * * 0,7',
  '0 0 LW 2-11/3 *',
]
const RULES: readonly string[] = [
  'DTSTART:20270101T090000Z\nRRULE:FREQ=DAILY;COUNT=10',
  'DTSTART;TZID=America/New_York:20270314T023000\nRRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;WKST=SU',
  'DTSTART:20270131T000000Z\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1',
  'DTSTART:20240229T120000Z\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1,29;UNTIL=20990101T000000Z',
  'DTSTART:20270101T000000Z\nRRULE:FREQ=SECONDLY;INTERVAL=7;BYHOUR=3,4;BYMINUTE=59;BYSECOND=0,30',
  'DTSTART:20270101T000000Z\nRRULE:FREQ=YEARLY;BYWEEKNO=53,-1;BYDAY=SU',
  'DTSTART;TZID=Europe/Paris:20270101T083000\nRRULE:FREQ=YEARLY;BYYEARDAY=1,-366,200;BYDAY=MO,TU',
]
const DURATIONS: readonly string[] = ['90s', '1h30m', 'PT90S', 'P1DT2H', 'P1W', '1.5s', 'PT0.25S', '2 d', 'P1M', '-5s']
const INSTANTS: readonly string[] = [
  '2027-01-01T09:00:00Z',
  '2027-03-14T02:30',
  '2027-06-01T00:00:00.123+05:30',
  '1970-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '2027-02-29T00:00:00Z',
  '2027-10-31T02:30:00',
]
const FIELDS: readonly string[] = [
  '*',
  '*/7',
  '3',
  '1-5',
  '2-10/3',
  '4/2',
  'last',
  '1st mon',
  '5th fri',
  'mon-fri/2',
  '1,2,3',
]
const FIELD_NAMES: readonly string[] = ['year', 'month', 'day', 'week', 'dayOfWeek', 'hour', 'minute', 'second']
const ZONES: readonly string[] = [
  'UTC',
  'America/New_York',
  'Australia/Lord_Howe',
  '+05:30',
  'Antarctica/Troll',
  'Africa/Casablanca',
  'Nowhere/At_All',
]
const LETTERS = '0123456789*/-,?#LWHlwh() @;:=.+TZPMDYSBRUEmonfristau_{}"\\\n\tÄ\u{1F600}\u0000'
const NOISE: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  Number.NaN,
  '',
  'x'.repeat(300),
  [],
  {},
  [[]],
  { type: 'date' },
  2 ** 53,
  '__proto__',
  { toString: 1 },
  () => 0,
  Symbol('s'),
  10n,
  new Date(Number.NaN),
]

/** A text as it is, or with up to three letters, pieces or repetitions changed. */
function mutated(random: Random, text: string): string {
  let changed = text
  for (let times = random.chance(0.5) ? 0 : 1 + random.below(3); times > 0; times -= 1) {
    const at = random.below(changed.length + 1)
    const letter = LETTERS.charAt(random.below(LETTERS.length))
    const kind = random.below(5)
    if (kind === 0) changed = changed.slice(0, at) + letter + changed.slice(at)
    else if (kind === 1) changed = changed.slice(0, at) + letter + changed.slice(at + 1)
    else if (kind === 2) changed = changed.slice(0, at) + changed.slice(at + 1 + random.below(3))
    else if (kind === 3) changed = changed.slice(0, at) + changed.slice(random.below(at + 1))
    else changed = changed.slice(0, at) + String(random.below(10_000)) + changed.slice(at)
  }
  return changed
}

/** Letters of the grammars in no order. */
function noiseText(random: Random): string {
  return Array.from({ length: random.below(30) }, () => LETTERS.charAt(random.below(LETTERS.length))).join('')
}

function text(random: Random, right: readonly string[]): string {
  return random.chance(0.1) ? noiseText(random) : mutated(random, random.pick(right))
}

/** A duration or an instant, or something of another type. */
export function anyText(random: Random): unknown {
  if (random.chance(0.1)) return random.pick(NOISE)
  return random.chance(0.5) ? text(random, DURATIONS) : text(random, INSTANTS)
}

/** JSON that may be a trigger: of any kind, perhaps nested, perhaps with a member of another type or name. */
export function triggerJson(random: Random, depth = 0): unknown {
  if (random.chance(0.02)) return random.pick(NOISE)
  const json = kinds[random.below(depth < 3 ? kinds.length : 6)]?.(random, depth) ?? {}
  if (random.chance(0.3)) json['zone'] = random.pick(ZONES)
  if (random.chance(0.1)) json['start'] = text(random, INSTANTS)
  if (random.chance(0.1)) json['end'] = text(random, INSTANTS)
  if (random.chance(0.05)) json[random.pick(['jitterMs', 'repeat', 'dst', 'extra'])] = random.pick(NOISE)
  if (random.chance(0.05)) json[random.pick(Object.keys(json))] = random.pick(NOISE)
  return json
}

type Kind = (random: Random, depth: number) => Record<string, unknown>

const kinds: readonly Kind[] = [
  (random) => ({ type: 'crontab', expression: text(random, CRONTABS) }),
  (random) => ({ type: 'cron', fields: fields(random) }),
  (random) => ({ type: 'rrule', rule: text(random, RULES) }),
  (random) => ({ type: 'interval', every: text(random, DURATIONS) }),
  (random) => ({ type: 'date', at: text(random, INSTANTS) }),
  (random) => ({
    type: 'calendar-interval',
    months: random.below(14),
    days: random.below(40),
    time: text(random, ['08:30', '23:59:59']),
    start: text(random, ['2027-01-31', '2024-02-29']),
  }),
  (random) => ({
    type: 'daily-window',
    every: text(random, DURATIONS),
    from: text(random, ['09:00', '22:00']),
    to: text(random, ['17:00', '06:00:30']),
  }),
  (random, depth) => ({ type: 'or', triggers: members(random, depth) }),
  (random, depth) => ({ type: 'and', triggers: members(random, depth) }),
  (random, depth) => ({ type: 'excluding', trigger: triggerJson(random, depth + 1), exclude: [exclusion(random)] }),
]

function members(random: Random, depth: number): unknown[] {
  return Array.from({ length: 1 + random.below(3) }, () => triggerJson(random, depth + 1))
}

function fields(random: Random): Record<string, unknown> {
  const count = 1 + random.below(3)
  return Object.fromEntries(Array.from({ length: count }, () => [random.pick(FIELD_NAMES), text(random, FIELDS)]))
}

function exclusion(random: Random): Record<string, unknown> {
  switch (random.below(6)) {
    case 0:
      return { weekdays: [random.pick(['mon', 'Sun', 'sunday', 3])] }
    case 1:
      return { dates: [text(random, ['2027-12-25'])] }
    case 2:
      return { annual: [text(random, ['12-25', '02-29'])] }
    case 3:
      return { time: [text(random, ['12:00']), text(random, ['13:30'])] }
    case 4:
      return { cron: random.chance(0.5) ? text(random, CRONTABS) : fields(random) }
    default:
      return { holidays: text(random, ['DE-BY', 'US']) }
  }
}
