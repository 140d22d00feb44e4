/** Events and jobs without what differs from log to log: places, random ids, and who executed. */
import type { PublicEvent } from '../../src/index.ts'

/** Where it stands. */
const APART: ReadonlySet<string> = new Set([
  'epoch',
  'seq',
  'index',
  'store',
  'partition',
  'offset',
  'commandOffset',
  'stack',
  'incarnation',
])

/** `host:pid:<128 random bits>`, of a process that executes. */
const PROCESS = /^\S+:\d+:[0-9a-f]{32}$/
/** Command ids that no client gave: 128 random bits and a number. */
const COMMAND = /\b[0-9a-f]{32}-\d+\b/g
/** Of a run that was asked for under an id that may come again. */
const PLACE_OF_COMMAND = /(a command)\/\d+-\d+-\d+/g
const INCARNATION = /\/\d+-\d+-\d+(?=\/|$)/g

export function comparableEvent(event: PublicEvent): unknown {
  const made = comparable(event) as object
  return { ...made, ...ofPartition(event), ...ofCommand(event) }
}

/** How much of a partition it is about: there are more partitions on one log than on another. */
function ofPartition({ type }: PublicEvent): object {
  return type === 'JobsRemoved' ? { count: null, cancelledRuns: null } : {}
}

/** An id that no client gave is one for the log all the same where commands travel, since they may come twice there. */
function ofCommand(event: PublicEvent): object {
  if (!('commandId' in event) || event.commandId === null || !isMadeUp(event.commandId)) return {}
  return { commandGiven: null }
}

function isMadeUp(commandId: string): boolean {
  return comparableText(commandId) === 'a command'
}

/** With members in the order of their names, so that equal values have equal texts. */
export function comparable(value: unknown): unknown {
  if (typeof value === 'string') return comparableText(value)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `base64 ${Buffer.from(value).toString('base64')}`
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([name, member]) => !APART.has(name) && !isUnsaid(name, member))
  const sorted = kept.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([name, member]) => [name, comparable(member)]))
}

function comparableText(text: string): string {
  if (PROCESS.test(text)) return 'a process'
  return text.replaceAll(COMMAND, 'a command').replaceAll(PLACE_OF_COMMAND, '$1').replaceAll(INCARNATION, '/a place')
}

/** Who has decided it has no such member, who has read it from a log has null. */
function isUnsaid(name: string, member: unknown): boolean {
  return (name === 'movedFrom' || name === 'heldThrough') && member === null
}
