/**
 * Who gets which partition of a group's topic, decided by the member that leads a join.
 *
 * Boundary: pure. Partitions stay where they are as far as that is fair; those that move go to a member that could take
 * them over at once, else to the one that has least.
 */
export interface Candidate {
  readonly id: string
  /** What it has, by its own account. */
  readonly owned: readonly number[]
  /** The generation in which it was given them: of two that claim one partition, the later one has it. */
  readonly generation: number
  readonly warm: readonly number[]
}

/** Every partition of 0 … partitions − 1 is in exactly one list, in rising order. `candidates`: at least one. */
export function assignPartitions(partitions: number, candidates: readonly Candidate[]): Map<string, number[]> {
  const owners = currentOwners(partitions, candidates)
  const owns = (id: string): number => owners.filter((owner) => owner === id).length
  // Those that have most may have the one more that a division leaves.
  const ordered = candidates.toSorted((a, b) => owns(b.id) - owns(a.id) || (a.id < b.id ? -1 : 1))
  const given = new Map(ordered.map(({ id }) => [id, [] as number[]]))
  const room = new Map(ordered.map(({ id }, place) => [id, quota(partitions, ordered.length, place)]))
  const give = (partition: number, id: string): void => {
    given.get(id)?.push(partition)
    room.set(id, (room.get(id) ?? 0) - 1)
  }
  const left: number[] = []
  for (const [partition, owner] of owners.entries()) {
    if (owner !== null && (room.get(owner) ?? 0) > 0) give(partition, owner)
    else left.push(partition)
  }
  const hasRoom = ({ id }: Candidate): boolean => (room.get(id) ?? 0) > 0
  const byRoom = (a: Candidate, b: Candidate): number => (room.get(b.id) ?? 0) - (room.get(a.id) ?? 0)
  const cold = left.filter((partition) => {
    const [warm] = ordered.filter((one) => hasRoom(one) && one.warm.includes(partition)).toSorted(byRoom)
    if (warm !== undefined) give(partition, warm.id)
    return warm === undefined
  })
  for (const partition of cold) {
    const [roomiest] = ordered.toSorted(byRoom)
    if (roomiest !== undefined) give(partition, roomiest.id)
  }
  for (const list of given.values()) list.sort((a, b) => a - b)
  return given
}

function currentOwners(partitions: number, candidates: readonly Candidate[]): (string | null)[] {
  const owners = new Array<string | null>(partitions).fill(null)
  for (const { id, owned } of candidates.toSorted((a, b) => a.generation - b.generation)) {
    for (const partition of owned) if (partition in owners) owners[partition] = id
  }
  return owners
}

function quota(partitions: number, members: number, place: number): number {
  return Math.floor(partitions / members) + (place < partitions % members ? 1 : 0)
}
