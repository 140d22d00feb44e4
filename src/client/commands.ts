/** Makes commands of calls, and says what the log answered. */
import type { Command, CommandEnvelope } from '../core/commands.ts'
import type { Event, EventType } from '../core/events.ts'
import { OperationalError } from '../ports/operational-error.ts'
import type { Backend } from './backend.ts'
import { RejectedError } from './errors.ts'

export interface CommandOptions {
  /** Makes a repetition of the call a duplicate that changes nothing, for an hour. */
  readonly commandId?: string
  /** Who asks, for the audit. */
  readonly actor?: string
  /** Alias of the store; default: where the job is. */
  readonly store?: string
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
/** A command without what every command carries. */
export type Request = DistributiveOmit<Command, keyof CommandEnvelope>

/** Resolves with the command's events once they are durable; rejects with `RejectedError` or `OperationalError`. */
export async function submitCommand(
  backend: Backend,
  request: Request,
  options: CommandOptions,
): Promise<readonly Event[]> {
  mustNameIds(request)
  const commandId = textOption('commandId', options.commandId) ?? backend.newCommandId()
  const envelope: CommandEnvelope = {
    commandId,
    commandGiven: options.commandId !== undefined,
    actor: textOption('actor', options.actor) ?? null,
    commandOffset: null,
  }
  const events = await backend.submit({ ...request, ...envelope }, options.store)
  const rejected = findEvent(events, 'CommandRejected')
  if (rejected !== undefined) throw new RejectedError(rejected, commandId)
  return events
}

export function findEvent<T extends EventType>(
  events: readonly Event[],
  type: T,
): Extract<Event, { type: T }> | undefined {
  return events.find((event): event is Extract<Event, { type: T }> => event.type === type)
}

/** Whether an id is a possible one the log decides; what is no text at all never gets there. */
function mustNameIds(request: Request): void {
  const ids = { 'job id': 'jobId' in request ? request.jobId : '', 'run id': 'runId' in request ? request.runId : '' }
  for (const [name, id] of Object.entries<unknown>(ids)) {
    if (typeof id === 'string') continue
    throw new OperationalError('invalid-option', `${name}: expected a text, got ${id === null ? 'null' : typeof id}`)
  }
}

const OPTION_CHARS = 300

function textOption(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && value !== '' && value.length <= OPTION_CHARS) return value
  throw new OperationalError(
    'invalid-option',
    `${name}: expected a text of 1 to ${OPTION_CHARS} characters, got ${typeof value}`,
  )
}
