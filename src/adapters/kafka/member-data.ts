/**
 * What members of a group say to the one that leads a join, and what it says to them: JSON in the user data of the group's
 * protocol, so that members of different versions understand each other.
 */
export interface MemberData {
  /** For people. */
  readonly name: string
  readonly owned: readonly number[]
  /** In which it was given them; 0: in none. */
  readonly generation: number
  /** Partitions that it could take over at once. */
  readonly warm: readonly number[]
}

const VERSION = 1

export function encodeMember(data: MemberData): Uint8Array {
  return Buffer.from(JSON.stringify({ version: VERSION, ...data }))
}

/** What can't be read is a member that has nothing. */
export function decodeMember(bytes: Uint8Array): MemberData {
  const { name, owned, generation, warm } = parsed(bytes)
  return {
    name: typeof name === 'string' ? name : '',
    owned: numbers(owned),
    generation: isNumber(generation) ? generation : 0,
    warm: numbers(warm),
  }
}

export function encodeGeneration(generation: number): Uint8Array {
  return Buffer.from(JSON.stringify({ version: VERSION, generation }))
}

export function decodeGeneration(bytes: Uint8Array): number | null {
  const { generation } = parsed(bytes)
  return isNumber(generation) ? generation : null
}

function parsed(bytes: Uint8Array): Partial<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString())
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.filter(isNumber) : []
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}
