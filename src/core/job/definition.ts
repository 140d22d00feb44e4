/**
 * A job's definition: what runs, when, and under which policies. Values only; `resolve-definition.ts` makes one from
 * what a client sent.
 */
import type { JsonObject } from '../json.ts'
import type { Trigger } from '../triggers/trigger.ts'

export type Coalesce = 'latest' | 'earliest' | 'all'
export type Overlap = 'skip' | 'queue' | 'cancel-running'
export type Delivery = 'at-least-once' | 'at-most-once'

export interface RetryPolicy {
  /** Attempts in all, the first included; 1 = no retry. */
  readonly maxAttempts: number
  /** Wait before the second attempt, in ms. */
  readonly initialMs: number
  /** Factor from one wait to the next. */
  readonly multiplier: number
  /** Longest wait, in ms. */
  readonly maxMs: number
  /** Share of the wait that is spread at random around it, 0 … 1. */
  readonly jitter: number
  /** Error names that end the run at once. */
  readonly nonRetryable: readonly string[]
}

/** The run is a record produced to this topic instead of a task. */
export interface Deliver {
  readonly topic: string
  readonly key: string | null
  readonly headers: Readonly<Record<string, string>>
}

/** One of the submitter's own headers, as in a record of a log: their order is kept, and a name may come twice. */
export interface Header {
  readonly name: string
  readonly value: Uint8Array
}

export interface JobDefinition {
  /** Name of the task; null when `deliver` is set. */
  readonly task: string | null
  readonly deliver: Deliver | null
  readonly payload: Uint8Array
  readonly contentType: string
  /** They go along with every run, `traceparent` among them; null: none. */
  readonly headers: readonly Header[] | null
  /** Zone and `H` resolved; null: once, at the time it was added. */
  readonly trigger: Trigger | null
  readonly executor: string
  readonly name: string | null
  readonly description: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly metadata: JsonObject
  /** How late a run may be decided or picked up, in ms; null: never too late. */
  readonly misfireGraceMs: number | null
  readonly coalesce: Coalesce
  /** With coalesce `all`: at most so many runs of one catch-up pass. */
  readonly maxCatchUp: number
  readonly maxInstances: number
  readonly overlap: Overlap
  /** With overlap `queue`: at most so many runs wait. */
  readonly queueLimit: number
  readonly retry: RetryPolicy
  /** Per attempt, in ms; null: none. */
  readonly timeoutMs: number | null
  readonly heartbeatTimeoutMs: number | null
  readonly delivery: Delivery
  /** So many finished runs are kept for queries. */
  readonly keepRuns: number
}

/**
 * What a client sends: any part of a definition, as it stands in the JSON form of the protocol. Nothing in it is
 * trusted before `resolveDefinition` has seen it.
 */
export interface JobInput {
  readonly task?: string | null
  readonly deliver?: {
    readonly topic: string
    readonly key?: string | null
    readonly headers?: Readonly<Record<string, string>> | null
  } | null
  readonly payload?: Uint8Array | null
  readonly contentType?: string | null
  readonly headers?: readonly Header[] | null
  readonly trigger?: unknown
  readonly executor?: string | null
  readonly name?: string | null
  readonly description?: string | null
  readonly labels?: Readonly<Record<string, string>> | null
  readonly metadata?: JsonObject | null
  readonly misfireGraceMs?: number | null
  readonly coalesce?: string | null
  readonly maxCatchUp?: number | null
  readonly maxInstances?: number | null
  readonly overlap?: string | null
  readonly queueLimit?: number | null
  readonly retry?: {
    readonly maxAttempts?: number | null
    readonly initialMs?: number | null
    readonly multiplier?: number | null
    readonly maxMs?: number | null
    readonly jitter?: number | null
    readonly nonRetryable?: readonly string[] | null
  } | null
  readonly timeoutMs?: number | null
  readonly heartbeatTimeoutMs?: number | null
  readonly delivery?: string | null
  readonly keepRuns?: number | null
  readonly paused?: boolean | null
  /** Epoch ms: the first fire, instead of the trigger's; that of a date is its only one. */
  readonly nextFireTime?: number | null
}
