/** Whether two definitions are equal: then adding the job again changes nothing. */
import type { JobDefinition } from './definition.ts'

export function sameDefinition(a: JobDefinition, b: JobDefinition): boolean {
  const { payload: payloadA, ...restA } = a
  const { payload: payloadB, ...restB } = b
  return sameBytes(payloadA, payloadB) && canonical(restA) === canonical(restB)
}

export function sameTrigger(a: JobDefinition, b: JobDefinition): boolean {
  return canonical(a.trigger) === canonical(b.trigger)
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}

/** JSON text with the members of every object in one order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([x], [y]) => (x < y ? -1 : 1)))
      : member,
  )
}
