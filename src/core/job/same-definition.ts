/** Whether two definitions are equal: then adding the job again changes nothing. */
import type { JobDefinition } from './definition.ts'

export function sameDefinition(a: JobDefinition, b: JobDefinition): boolean {
  const { payload: payloadA, headers: headersA, ...restA } = a
  const { payload: payloadB, headers: headersB, ...restB } = b
  return sameBytes(payloadA, payloadB) && sameHeaders(headersA, headersB) && canonical(restA) === canonical(restB)
}

export function sameTrigger(a: JobDefinition, b: JobDefinition): boolean {
  return canonical(a.trigger) === canonical(b.trigger)
}

function sameHeaders(a: JobDefinition['headers'], b: JobDefinition['headers']): boolean {
  if (a === null || b === null || a.length !== b.length) return a === b
  return a.every(({ name, value }, at) => {
    const other = b[at]
    return other !== undefined && name === other.name && sameBytes(value, other.value)
  })
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
