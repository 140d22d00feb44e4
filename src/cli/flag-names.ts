/**
 * Messages of the API name its options (`job.retry.maxAttempts`); who typed a command knows flags and arguments.
 *
 * Boundary: only names change; what was expected and what came stays as it is told.
 */

const TRIGGER = ['--cron', '--every', '--at', '--in', '--trigger']

/**
 * By option: the flags that may have set it, of which the first that was typed is told. The last, when it is no flag, is
 * told when none was typed.
 */
const SETTERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['log', ['--log', 'HOROLOG_LOG']],
  ['HOROLOG_KAFKA_PROPERTIES', ['--kafka-config']],
  ['answerTimeout', ['--answer-timeout']],
  ['maxClockSkew', ['--max-clock-skew']],
  ['tokenKey', ['--token-key-file']],
  ['timezone', ['--zone']],
  ['id', ['<id>']],
  ['job.id', ['<id>']],
  ['jobId', ['<id>']],
  ['runId', ['<run>']],
  ['job.trigger.zone', ['--zone']],
  ['trigger.zone', ['--zone']],
  ['zone', ['--zone']],
  ['job.trigger', [...TRIGGER, '<expr>']],
  ['trigger', [...TRIGGER, '<expr>']],
  ['expression', ['<expr>']],
  ['job.task', ['--task']],
  ['job.payload', ['--payload']],
  ['job.contentType', ['--payload']],
  ['job.nextFireTime', ['--next-fire']],
  ['job.misfireGrace', ['--misfire-grace']],
  ['job.misfireGraceMs', ['--misfire-grace']],
  ['job.coalesce', ['--coalesce']],
  ['job.maxCatchUp', ['--max-catch-up']],
  ['job.maxInstances', ['--max-instances']],
  ['job.overlap', ['--overlap']],
  ['job.queueLimit', ['--queue-limit']],
  ['job.retry.maxAttempts', ['--max-attempts']],
  ['job.retry.initial', ['--retry-initial']],
  ['job.retry.initialMs', ['--retry-initial']],
  ['job.retry.multiplier', ['--retry-multiplier']],
  ['job.retry.max', ['--retry-max']],
  ['job.retry.maxMs', ['--retry-max']],
  ['job.retry.jitter', ['--retry-jitter']],
  ['job.retry.nonRetryable', ['--non-retryable']],
  ['job.timeout', ['--timeout']],
  ['job.timeoutMs', ['--timeout']],
  ['job.heartbeatTimeout', ['--heartbeat-timeout']],
  ['job.heartbeatTimeoutMs', ['--heartbeat-timeout']],
  ['job.delivery', ['--delivery']],
  ['job.executor', ['--executor']],
  ['job.labels', ['--label']],
  ['labels', ['--label']],
  ['job.metadata', ['--metadata']],
  ['job.name', ['--name']],
  ['job.description', ['--description']],
  ['job.keepRuns', ['--keep-runs']],
  ['from', ['--from']],
  ['to', ['--to']],
  ['until', ['--until']],
  ['reason', ['--reason']],
  ['version', ['--if-version']],
  ['commandId', ['--command-id']],
  ['actor', ['--actor']],
  ['file', ['<file>']],
  ['executors.default.concurrency', ['--concurrency']],
])

/** `job.timeoutMs: expected …` → `--timeout: expected …`, for a command line of these words. */
export function withFlagNames(message: string, words: readonly string[]): string {
  const typed = new Set(words.map((word) => word.split('=', 1)[0] ?? word))
  const begun = message.replace(/^[A-Za-z][\w.[\]]*(?=: )/, (path) => flagOf(path, typed))
  return begun.replaceAll(/`([\w.]+)`/g, (quoted, path: string) => {
    const flag = flagOf(path, typed)
    return flag === path ? quoted : flag
  })
}

/** What lies inside of a flag's value is told after it: `--trigger start`. The path itself where nothing is known. */
function flagOf(path: string, typed: ReadonlySet<string>): string {
  for (let end = path.length; end > 0; end = lastPart(path, end)) {
    const setters = SETTERS.get(path.slice(0, end))
    const setter = setters?.find((one) => typed.has(one) || !one.startsWith('--'))
    if (setter === undefined) continue
    const inside = path.slice(end).replace(/^\./, '')
    return inside === '' || !HAS_PARTS.has(setter) ? setter : `${setter} ${inside}`
  }
  return path
}

/** Flags and arguments with values that have parts of their own. */
const HAS_PARTS: ReadonlySet<string> = new Set(['--trigger', '--label', '--metadata', '<file>'])

/** Where the last part of the path begins that ends at `end`, its separator included; 0: there is only one. */
function lastPart(path: string, end: number): number {
  return Math.max(path.lastIndexOf('.', end - 1), path.lastIndexOf('[', end - 1), 0)
}
