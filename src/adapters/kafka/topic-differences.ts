/** How topics that are there differ from what they should be, and how people are told. */
export interface WrongCount {
  /** The full name, also below. */
  readonly topic: string
  readonly found: number
  readonly expected: number
}
export interface WrongSetting {
  readonly topic: string
  readonly setting: string
  readonly found: string
  readonly expected: string
  /** A greater one would be as good. */
  readonly orMore: boolean
}
export interface WrongCopies {
  readonly topic: string
  /** Of the partition that has the fewest. */
  readonly found: number
  readonly expected: number
}

export function countText({ topic, found, expected }: WrongCount): string {
  return (
    `${topic} has ${found} partitions, expected ${expected}. A count is never changed in place, since it decides where a job ` +
    'lives: export the jobs, make a new namespace with the count that you want, and import them there'
  )
}

export function settingText({ topic, setting, found, expected, orMore }: WrongSetting): string {
  return `${topic} has ${setting}=${found}, expected ${expected}${orMore ? ' or more' : ''}`
}

/** One line for all of them, or none. */
export function copiesWarning(wrong: readonly WrongCopies[]): string[] {
  const [first] = wrong
  if (first === undefined) return []
  const found = wrong.map(({ topic, found: copies }) => `${topic} (${copies})`).join(', ')
  const what = `fewer copies than ${first.expected}: ${found}: a lost disk may lose acknowledged events`
  return [`${what}. Kafka's kafka-reassign-partitions makes more; --replication says that fewer are meant`]
}
