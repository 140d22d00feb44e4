/** A job's definition as the model has it: what a client asks for, over the defaults of protocol §4. */
import type { Labels } from '../../src/core/commands.ts'
import type { Coalesce, Delivery, JobInput, Overlap } from '../../src/core/job/definition.ts'
import type { RejectionCode } from '../../src/core/rejections.ts'
import { ONCE, type Plan, triggerOf } from './plan.ts'

export interface Retry {
  readonly maxAttempts: number
  readonly initialMs: number
  readonly multiplier: number
  readonly maxMs: number
  readonly jitter: number
  readonly nonRetryable: readonly string[]
}

export interface Spec {
  readonly plan: Plan
  readonly executor: string
  readonly name: string | null
  readonly labels: Labels
  readonly misfireGraceMs: number | null
  readonly coalesce: Coalesce
  readonly maxCatchUp: number
  readonly maxInstances: number
  readonly overlap: Overlap
  readonly queueLimit: number
  readonly retry: Retry
  readonly timeoutMs: number | null
  /** As asked for; see `heartbeatOf`. */
  readonly heartbeatTimeoutMs: number | null
  readonly delivery: Delivery
  readonly keepRuns: number
}

/** What a client names; null sets a member back to its default. */
export type Ask = { readonly [K in keyof Omit<Spec, 'retry'>]?: Spec[K] | null } & {
  readonly retry?: Partial<Retry> | null
}

const DEFAULTS: Spec = {
  plan: ONCE,
  executor: 'default',
  name: null,
  labels: {},
  misfireGraceMs: null,
  coalesce: 'latest',
  maxCatchUp: 100,
  maxInstances: 1,
  overlap: 'skip',
  queueLimit: 10,
  retry: { maxAttempts: 1, initialMs: 1_000, multiplier: 2, maxMs: 300_000, jitter: 0.2, nonRetryable: [] },
  timeoutMs: null,
  heartbeatTimeoutMs: null,
  delivery: 'at-least-once',
  keepRuns: 10,
}

export function specOf(ask: Ask): Spec {
  return changedSpec(DEFAULTS, ask)
}

export function changedSpec(spec: Spec, ask: Ask): Spec {
  const changed: Record<string, unknown> = { ...spec }
  for (const [member, value] of Object.entries(ask)) {
    if (value === undefined) continue
    if (value === null) changed[member] = DEFAULTS[member as keyof Spec]
    else if (member === 'retry') changed[member] = { ...spec.retry, ...(value as Partial<Retry>) }
    else changed[member] = value
  }
  return changed as unknown as Spec
}

const CLAIM_HEARTBEAT_MS = 30_000

/** An at-most-once job has a time-out or a heartbeat. */
export function heartbeatOf(spec: Spec): number | null {
  if (spec.heartbeatTimeoutMs !== null) return spec.heartbeatTimeoutMs
  return spec.delivery === 'at-most-once' && spec.timeoutMs === null ? CLAIM_HEARTBEAT_MS : null
}

/** The same in every member, the heartbeat as it takes effect. */
export function sameSpec(a: Spec, b: Spec): boolean {
  return text({ ...a, heartbeatTimeoutMs: heartbeatOf(a) }) === text({ ...b, heartbeatTimeoutMs: heartbeatOf(b) })
}

export function samePlan(a: Plan, b: Plan): boolean {
  return text(a) === text(b)
}

function text(value: object): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}

const LEAST_INTERVAL_MS = 10

/** The code with which it is refused; null when nothing is wrong with it. */
export function flawOf(spec: Spec, executors: ReadonlySet<string>): RejectionCode | null {
  const { plan } = spec
  if (plan.kind === 'interval') {
    const isBackwards = plan.start !== null && plan.end !== null && plan.end < plan.start
    if (plan.everyMs < LEAST_INTERVAL_MS || isBackwards) return 'invalid-trigger'
  }
  if (spec.maxInstances < 1) return 'invalid-option'
  return executors.has(spec.executor) ? null : 'unknown-executor'
}

/** As it goes into a command. */
export function inputOf(ask: Ask): JobInput {
  const { plan, ...rest } = ask
  if (plan === undefined) return rest
  return { ...rest, trigger: plan === null ? null : triggerOf(plan) }
}
