/**
 * The part of a definition that many jobs have in common: their task, and how it is run. Equal ones are one object, as long
 * as a bounded table remembers them; which of two equal ones a job has makes no difference to anything.
 */
import type { JobDefinition, RetryPolicy } from './definition.ts'

/** What a job mostly has for itself is left out. */
export type Policies = Omit<
  JobDefinition,
  'payload' | 'trigger' | 'deliver' | 'headers' | 'name' | 'description' | 'labels' | 'metadata'
>

/** More would take longer to search than they save. */
const MAX_PER_TASK = 16
const MAX_TASKS = 4_096

const known = new Map<string | null, Policies[]>()

export function policiesOf(definition: JobDefinition): Policies {
  const ofTask = known.get(definition.task) ?? []
  for (const policies of ofTask) if (hasPolicies(definition, policies)) return policies
  const policies = copyOf(definition)
  if (ofTask.length >= MAX_PER_TASK) ofTask.shift()
  if (ofTask.length === 0) {
    if (known.size >= MAX_TASKS) known.clear()
    known.set(policies.task, ofTask)
  }
  ofTask.push(policies)
  return policies
}

function copyOf(definition: JobDefinition): Policies {
  return {
    task: definition.task,
    contentType: definition.contentType,
    executor: definition.executor,
    misfireGraceMs: definition.misfireGraceMs,
    coalesce: definition.coalesce,
    maxCatchUp: definition.maxCatchUp,
    maxInstances: definition.maxInstances,
    overlap: definition.overlap,
    queueLimit: definition.queueLimit,
    retry: definition.retry,
    timeoutMs: definition.timeoutMs,
    heartbeatTimeoutMs: definition.heartbeatTimeoutMs,
    delivery: definition.delivery,
    keepRuns: definition.keepRuns,
  }
}

/** `of` is of the same task. */
function hasPolicies(definition: JobDefinition, of: Policies): boolean {
  return (
    definition.contentType === of.contentType &&
    definition.executor === of.executor &&
    definition.misfireGraceMs === of.misfireGraceMs &&
    definition.coalesce === of.coalesce &&
    definition.maxCatchUp === of.maxCatchUp &&
    definition.maxInstances === of.maxInstances &&
    definition.overlap === of.overlap &&
    definition.queueLimit === of.queueLimit &&
    definition.timeoutMs === of.timeoutMs &&
    definition.heartbeatTimeoutMs === of.heartbeatTimeoutMs &&
    definition.delivery === of.delivery &&
    definition.keepRuns === of.keepRuns &&
    isSameRetry(definition.retry, of.retry)
  )
}

function isSameRetry(a: RetryPolicy, b: RetryPolicy): boolean {
  if (a === b) return true
  return (
    a.maxAttempts === b.maxAttempts &&
    a.initialMs === b.initialMs &&
    // As bytes, −0 and 0 are two values.
    Object.is(a.multiplier, b.multiplier) &&
    a.maxMs === b.maxMs &&
    Object.is(a.jitter, b.jitter) &&
    a.nonRetryable.length === b.nonRetryable.length &&
    a.nonRetryable.every((name, at) => name === b.nonRetryable[at])
  )
}
