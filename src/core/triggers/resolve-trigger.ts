/**
 * Makes a trigger independent of where it is evaluated: fills in the default zone and gives every `H` its value. Done
 * once, when a job is added; what is recorded is the result.
 */

import { resolveHash } from './crontab-hash.ts'
import { hasHash } from './crontab.ts'
import { parseTrigger } from './parse-trigger.ts'
import type { Trigger } from './trigger.ts'

export interface ResolveContext {
  /** Seeds `H`: one job always gets the same value. */
  readonly jobId: string
  /** Zone of triggers that name none. */
  readonly zone: string
}

/**
 * The trigger with a zone wherever its form has one and without `H`, also inside and, or and excluding. Resolving twice
 * changes nothing. Throws TriggerError as `parseTrigger`, for instance `never-fires` if only the value of `H` tells.
 */
export function resolveTrigger(trigger: Trigger, context: ResolveContext): Trigger {
  return parseTrigger(resolve(parseTrigger(trigger), context, 'trigger'))
}

function resolve(trigger: Trigger, context: ResolveContext, path: string): Trigger {
  switch (trigger.type) {
    case 'rrule':
      return trigger
    case 'and':
    case 'or':
      return {
        ...trigger,
        triggers: trigger.triggers.map((member, i) => resolve(member, context, `${path}.triggers[${i}]`)),
      }
    case 'excluding':
      return {
        ...trigger,
        zone: trigger.zone ?? context.zone,
        trigger: resolve(trigger.trigger, context, `${path}.trigger`),
      }
    case 'crontab': {
      const { expression } = trigger
      const text = hasHash(expression) ? resolveHash(expression, context.jobId, `${path}.expression`) : expression
      return { ...trigger, expression: text, zone: trigger.zone ?? context.zone }
    }
    default:
      return { ...trigger, zone: trigger.zone ?? context.zone }
  }
}
