/**
 * A consumer group of a memory cluster: which member should have which partition, and where the group goes on.
 *
 * Boundary: advice only. Like a broker's group it may leave a member believing that it owns what another was given;
 * tests make such zombies on purpose with `assign(…, { tellLoser: false })`.
 * Kept invariants:
 * 1. Every partition belongs to exactly one member as long as there is one; joins and leaves move as few as possible.
 * 2. Callbacks never run inside a call, losers hear before winners, and nobody hears anything after leaving.
 */
import type { GroupMember } from '../../ports/event-log.ts'

interface Member {
  readonly name: string
  readonly callbacks: GroupMember
  /** What it was last told that it owns. */
  believed: readonly number[]
}

export class MemoryGroup {
  readonly #owners: (Member | null)[]
  readonly #members: Member[] = []
  /** Committed positions by partition. */
  readonly positions: Map<number, number> = new Map()
  #generation = 0

  constructor(partitions: number) {
    this.#owners = new Array<Member | null>(partitions).fill(null)
  }

  has(name: string): boolean {
    return this.#members.some((member) => member.name === name)
  }

  /** Returns the function that leaves the group. */
  join(name: string, callbacks: GroupMember): () => void {
    const member: Member = { name, callbacks, believed: [] }
    this.#members.push(member)
    this.#rebalance()
    return () => {
      const place = this.#members.indexOf(member)
      if (place < 0) return
      this.#members.splice(place, 1)
      this.#rebalance()
    }
  }

  /** Moves one partition. Members of the group other than the winner and the losers hear nothing. */
  assign(partition: number, name: string, tellLoser: boolean): void {
    const winner = this.#members.find((member) => member.name === name)
    if (winner === undefined) throw new Error(`${name} is not in the group`)
    if (!(partition in this.#owners)) throw new Error(`there is no partition ${partition}`)
    this.#owners[partition] = winner
    this.#generation++
    const losers = this.#members.filter((member) => member !== winner && member.believed.includes(partition))
    if (tellLoser) for (const loser of losers) this.#tell(loser)
    this.#tell(winner)
  }

  #rebalance(): void {
    this.#generation++
    const members = this.#members
    const quota = (place: number): number =>
      Math.floor(this.#owners.length / members.length) + (place < this.#owners.length % members.length ? 1 : 0)
    const room = new Map(members.map((member, place) => [member, quota(place)]))
    const take = (member: Member | null): Member | null => {
      const left = member === null ? 0 : (room.get(member) ?? 0)
      if (member === null || left === 0) return null
      room.set(member, left - 1)
      return member
    }
    for (const [partition, owner] of this.#owners.entries()) this.#owners[partition] = take(owner)
    for (const [partition, owner] of this.#owners.entries()) {
      this.#owners[partition] = owner ?? take(members.find((member) => room.get(member)! > 0) ?? null)
    }
    const loses = (member: Member): boolean => member.believed.some((partition) => this.#owners[partition] !== member)
    for (const member of members.toSorted((a, b) => Number(loses(b)) - Number(loses(a)))) this.#tell(member)
  }

  #tell(member: Member): void {
    const partitions = [...this.#owners.keys()].filter((partition) => this.#owners[partition] === member)
    const lost = member.believed.filter((partition) => !partitions.includes(partition))
    const generation = this.#generation
    member.believed = partitions
    queueMicrotask(() => {
      if (!this.#members.includes(member)) return
      if (lost.length > 0) member.callbacks.lost(lost)
      if (!this.#members.includes(member)) return
      member.callbacks.assigned({ partitions, generation })
    })
  }
}
