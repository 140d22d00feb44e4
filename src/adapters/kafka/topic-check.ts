/**
 * Whether the topics of a namespace can carry a log. What is looked at depends on who opens it: to read and to execute, the
 * numbers of partitions have to fit; to decide, the settings as well, for what is promised rests on them.
 */
import { LogError } from '../../ports/event-log.ts'
import type { Logger } from '../../ports/telemetry.ts'
import { copiesWarning, countText, settingText } from './topic-differences.ts'
import { type Cluster, type TopicPlan, topicPlan } from './topics.ts'

/** Have as many partitions as events. */
const PARALLEL = ['commands', 'reports', 'state'] as const

/** Gives the number of partitions. Rejects with `LogError` `wrong-log` when a topic is missing or has another number. */
export async function checkCounts({ topics, settings }: Cluster): Promise<number> {
  const { namespace } = settings
  const apply = applyCommand(settings)
  const partitions = await topics.count(`${namespace}.events`)
  if (partitions === null)
    throw new LogError('wrong-log', `there is no topic ${namespace}.events; create the topics with: ${apply}`)
  for (const name of PARALLEL) {
    const found = await topics.count(`${namespace}.${name}`)
    if (found === partitions) continue
    const what = found === null ? 'is missing' : `has ${found} partitions`
    const expected = `expected as many as ${namespace}.events has, ${partitions}`
    throw new LogError('wrong-log', `topic ${namespace}.${name} ${what}, ${expected}; see: ${apply}`)
  }
  return partitions
}

/**
 * Rejects with `LogError` `wrong-log`, which names all differences and the command that mends them. What can't be known or
 * mended here is a warning: settings that this user may not see, and too few copies.
 */
export async function checkSettings(cluster: Cluster, logger: Logger): Promise<void> {
  const planned = await visiblePlan(cluster, logger)
  if (planned === null) return
  const { missing, wrongCounts, wrongSettings, tooFewCopies } = planned
  const [wrongCount] = wrongCounts
  if (wrongCount !== undefined) throw new LogError('wrong-log', countText(wrongCount))
  const wrong = [...missing.map(({ topic }) => `${topic} is missing`), ...wrongSettings.map(settingText)]
  const fix = wrongSettings.length === 0 ? [] : ['--fix']
  if (wrong.length > 0)
    throw new LogError('wrong-log', `${wrong.join('; ')}; mend it with: ${applyCommand(cluster.settings, ...fix)}`)
  for (const warning of copiesWarning(tooFewCopies)) logger.warn({}, warning)
}

async function visiblePlan(cluster: Cluster, logger: Logger): Promise<TopicPlan | null> {
  try {
    return await topicPlan(cluster, {})
  } catch (err) {
    if (!(err instanceof LogError) || err.code !== 'not-authorized') throw err
    const { message } = err
    logger.warn({ err: message }, 'the settings of the topics are not checked: this user may not DescribeConfigs')
    return null
  }
}

function applyCommand({ namespace, brokers }: Cluster['settings'], ...flags: readonly string[]): string {
  return ['horolog topics apply', ...flags, `--log kafka://${brokers.join(',')}/${namespace}`].join(' ')
}
