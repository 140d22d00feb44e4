/** The topics of a namespace as a table: what is there, what differs, what is missing. */
import type { TopicPlan } from '../adapters/kafka/topics.ts'
import { tableLines } from './table.ts'

interface TopicRow {
  readonly topic: string
  readonly partitions: number
  readonly state: 'there' | 'differs' | 'missing'
  /** What differs, or what a missing one will be given. */
  readonly details: readonly string[]
}

export function topicRows(plan: TopicPlan): TopicRow[] {
  const rows = plan.present.map(({ topic, partitions }): TopicRow => {
    const details = [
      ...plan.wrongCounts
        .filter((wrong) => wrong.topic === topic)
        .map(({ found, expected }) => `${found} partitions, expected ${expected}`),
      ...plan.tooFewCopies
        .filter((wrong) => wrong.topic === topic)
        .map(({ found, expected }) => `replicas=${found}, expected ${expected} or more`),
      ...plan.wrongSettings
        .filter((wrong) => wrong.topic === topic)
        .map(({ setting, found, expected }) => `${setting}=${found}, expected ${expected}`),
    ]
    return { topic, partitions, state: details.length === 0 ? 'there' : 'differs', details }
  })
  const missing = plan.missing.map(({ topic, partitions, settings }): TopicRow => {
    const details = settings.map(({ name, value }) => `${name}=${value}`)
    return { topic, partitions, state: 'missing', details: [`replicas=${plan.replicationFactor}`, ...details] }
  })
  return [...rows, ...missing]
}

/** The words for `state` are the verb's. */
export function topicTable(rows: readonly (Omit<TopicRow, 'state'> & { readonly state: string })[]): string {
  const cells = rows.map(({ topic, partitions, state, details }) => [
    topic,
    String(partitions),
    state,
    details.join(', '),
  ])
  return `${tableLines(['TOPIC', 'PARTITIONS', 'STATE', ''], cells).join('\n')}\n`
}
