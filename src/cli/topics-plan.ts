/** `horolog topics plan`: what `topics apply` would do. Changes nothing. */
import type { Command } from 'commander'
import { CliError, EXIT } from './cli-error.ts'
import { countText } from '../client/count-text.ts'
import { addTopicsFlags, type TopicsFlags, topicsOptions } from './topics-flags.ts'
import { tell, write, writeJsonList } from './output.ts'

const TEXT = `
Exit code 0 when all topics are as they should be, 4 when any is missing or differs.

Example:
  horolog topics plan --log kafka://localhost:9092 --partitions 24 --executor reports=6`

export function addTopicsPlan(topics: Command): void {
  const command = topics
    .command('plan')
    .description('the topics of the namespace: which are there, differ, or are missing')
    .addHelpText('after', TEXT)
    .action((flags: TopicsFlags) => topicsPlan(flags))
  addTopicsFlags(command)
}

async function topicsPlan(flags: TopicsFlags): Promise<void> {
  const { planTopics } = await import('../adapters/kafka/topics.ts')
  const { topicRows, topicTable } = await import('./topics-view.ts')
  const plan = await planTopics(await topicsOptions(flags))
  const rows = topicRows(plan)
  if (flags.output === 'table') await write(topicTable(rows))
  else await writeJsonList(rows, flags.output)
  for (const warning of plan.warnings) tell(`note: ${warning}`)
  const wrong = plan.wrongCounts.length + plan.wrongSettings.length + plan.tooFewCopies.length
  if (plan.missing.length === 0 && wrong === 0) return tell('all topics are as they should be')
  const missing = plan.missing.length === 0 ? [] : [`${countText(plan.missing.length, 'topic')} missing`]
  const differ = wrong === 0 ? [] : [`${countText(wrong, 'setting')} or count${wrong === 1 ? '' : 's'} not as expected`]
  throw new CliError(EXIT.conflict, [...missing, ...differ].join(', '))
}
