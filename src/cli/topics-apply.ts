/** `horolog topics apply`: makes the topics that are missing. */
import type { Command } from 'commander'
import { countText } from '../client/count-text.ts'
import { addTopicsFlags, type TopicsFlags, topicsOptions } from './topics-flags.ts'
import { tell, write, writeJsonList } from './output.ts'

interface ApplyFlags extends TopicsFlags {
  readonly fix?: boolean
}

const TEXT = `
Exit code 4 when a topic that is there has another number of partitions than expected, or, without --fix, a setting that
breaks a promise: nothing is changed then. A number of partitions is never changed: it decides where a job lives.

Examples:
  horolog topics apply --log kafka://localhost:9092
  horolog topics apply --log kafka://localhost:9092/billing --partitions 24 --executor reports=6`

export function addTopicsApply(topics: Command): void {
  const command = topics
    .command('apply')
    .description('make the topics of the namespace that are missing')
    .option('--fix', 'also set what differs on those that are there')
    .addHelpText('after', TEXT)
    .action((flags: ApplyFlags) => topicsApply(flags))
  addTopicsFlags(command)
}

async function topicsApply(flags: ApplyFlags): Promise<void> {
  const { applyTopics } = await import('../adapters/kafka/topics.ts')
  const { topicRows, topicTable } = await import('./topics-view.ts')
  const done = await applyTopics({ ...(await topicsOptions(flags)), fix: flags.fix === true })
  const set = new Set(done.wrongSettings.map(({ topic }) => topic))
  const rows = topicRows(done).map((row) => ({ ...row, state: set.has(row.topic) ? 'set' : DONE[row.state] }))
  if (flags.output === 'table') await write(topicTable(rows))
  else await writeJsonList(rows, flags.output)
  for (const warning of done.warnings) tell(`note: ${warning}`)
  tell(`${countText(done.missing.length, 'topic')} made, ${countText(done.wrongSettings.length, 'setting')} set`)
}

const DONE = { there: 'there', differs: 'differs', missing: 'made' } as const
