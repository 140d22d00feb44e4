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
  const share = Math.floor(partitions / candidates.length)
  let extras = partitions % candidates.length
  const given = new Map(candidates.map(({ id }) => [id, [] as number[]]))
  const has = (id: string): number => given.get(id)?.length ?? 0
  const hasRoom = (id: string): boolean => given.has(id) && has(id) < share + (extras > 0 ? 1 : 0)
  const give = (partition: number, id: string): void => {
    if (has(id) === share) extras--
    given.get(id)?.push(partition)
  }
  const byLeast = (a: Candidate, b: Candidate): number => has(a.id) - has(b.id) || (a.id < b.id ? -1 : 1)
  const leastOf = (among: readonly Candidate[]): Candidate | undefined =>
    among.filter(({ id }) => hasRoom(id)).toSorted(byLeast)[0]

  const moving: number[] = []
  for (const [partition, owner] of currentOwners(partitions, candidates).entries()) {
    if (owner !== null && hasRoom(owner)) give(partition, owner)
    else moving.push(partition)
  }
  const cold = moving.filter((partition) => {
    const warm = leastOf(candidates.filter((one) => one.warm.includes(partition)))
    if (warm !== undefined) give(partition, warm.id)
    return warm === undefined
  })
  for (const partition of cold) {
    const least = leastOf(candidates)
    if (least !== undefined) give(partition, least.id)
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
