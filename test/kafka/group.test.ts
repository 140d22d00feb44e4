/** Groups on a real broker: what a member hears when others come, go, die or fall asleep. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { OWNERS } from '../../src/ports/event-log.ts'
import type { GroupMember, Membership } from '../../src/ports/event-log.ts'
import { refusal } from '../contract/event-log.ts'
import { describeOnKafka, kafkaBrokers } from '../support/kafka/on-kafka.ts'
import { FAST, type Namespace, makeNamespace } from './namespace.ts'

interface Heard {
  readonly what: 'assigned' | 'lost'
  readonly partitions: readonly number[]
  readonly generation: number
}

/** What somebody heard, and a way to wait for more. */
class Ears {
  readonly heard: Heard[] = []
  #waiting: () => void = () => undefined

  hear(heard: Heard): void {
    this.heard.push(heard)
    this.#waiting()
  }

  /** Resolves with the first thing heard, from `from` on, that fits. */
  async until(fits: (heard: Heard) => boolean, from = 0): Promise<Heard> {
    for (;;) {
      const found = this.heard.slice(from).find(fits)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => (this.#waiting = resolve))
    }
  }

  assigned(count: number, from = 0): Promise<Heard> {
    return this.until(({ what, partitions }) => what === 'assigned' && partitions.length === count, from)
  }

  member(warm?: () => readonly number[]): GroupMember {
    return {
      name: 'a test',
      assigned: ({ partitions, generation }) => this.hear({ what: 'assigned', partitions, generation }),
      lost: (partitions) => this.hear({ what: 'lost', partitions, generation: 0 }),
      ...(warm === undefined ? {} : { warm }),
    }
  }
}

describeOnKafka('a group', () => {
  let namespace: Namespace
  const children: ChildProcess[] = []

  beforeEach(async () => {
    namespace = await makeNamespace()
  })
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL')
    await namespace.close()
  })

  function inProcess(): { child: ChildProcess; ears: Ears; warnings: string[] } {
    const script = new URL('group-member.ts', import.meta.url).pathname
    const { sessionTimeoutMs, heartbeatIntervalMs } = FAST
    const words = [
      kafkaBrokers().join(','),
      namespace.options.namespace,
      `${sessionTimeoutMs}`,
      `${heartbeatIntervalMs}`,
    ]
    const child = spawn(process.execPath, [script, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
    children.push(child)
    const ears = new Ears()
    const warnings: string[] = []
    child.stderr.on('data', (chunk: Buffer) => warnings.push(chunk.toString()))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [what, ...words] = line.split(' ')
      const partitions = (words.at(-1) ?? '').split(',').filter(Boolean).map(Number)
      if (what === 'assigned' || what === 'lost') ears.hear({ what, partitions, generation: Number(words[0]) })
      else warnings.push(line)
    })
    return { child, ears, warnings }
  }

  async function here(warm?: () => readonly number[]): Promise<{ ears: Ears; membership: Membership }> {
    const ears = new Ears()
    const log = await namespace.open()
    return { ears, membership: await log.join(ears.member(warm)) }
  }

  test('gives what a member had that was killed to the others, and the processes say nothing else', async () => {
    const other = inProcess()
    await other.ears.assigned(3)
    const { ears } = await here()
    const shared = await ears.until(({ partitions }) => partitions.length > 0)
    other.child.kill('SIGKILL')
    const all = await ears.assigned(3)
    expect(all.partitions).toEqual(expect.arrayContaining([...shared.partitions]))
    expect(all.generation).toBeGreaterThan(shared.generation)
    expect(other.warnings).toEqual([])
  })

  test('tells a member that slept beyond its session what it lost, and then what it has again', async () => {
    const sleeper = inProcess()
    await sleeper.ears.assigned(3)
    const { ears } = await here()
    await ears.until(({ partitions }) => partitions.length > 0)
    const before = await sleeper.ears.until(({ what, partitions }) => what === 'assigned' && partitions.length < 3)
    sleeper.child.kill('SIGSTOP')
    const whole = await ears.assigned(3)
    // What it has heard by now: its pipe may have held a word more than the moment before.
    const heard = sleeper.ears.heard.length
    const had = sleeper.ears.heard.findLast(({ what }) => what === 'assigned')?.partitions
    sleeper.child.kill('SIGCONT')
    const lost = await sleeper.ears.until(({ what }) => what === 'lost', heard)
    expect(lost.partitions).toEqual(had)
    const again = await sleeper.ears.until(
      ({ what, partitions }) => what === 'assigned' && partitions.length > 0,
      heard,
    )
    expect(again.generation).toBeGreaterThan(whole.generation)
    expect(again.generation).toBeGreaterThan(before.generation)
    expect(sleeper.ears.heard[heard]?.what).toBe('lost')
  })

  test('leaves partitions where they are, and gives those of who leaves to the member that is warm for them', async () => {
    const one = await here()
    await one.ears.assigned(3)
    const kept = await here()
    const [hers, mine] = await Promise.all([one.ears.assigned(2), kept.ears.assigned(1)])
    const warm = await here(() => mine.partitions)
    const [left] = await Promise.all([one.ears.assigned(1), warm.ears.assigned(1)])
    expect(hers.partitions).toEqual(expect.arrayContaining([...left.partitions]))
    const from = warm.ears.heard.length
    const others = one.ears.heard.length
    await kept.membership.leave()
    const more = await Promise.race([warm.ears.assigned(2, from), one.ears.assigned(2, others)])
    expect(more.partitions).toEqual(expect.arrayContaining([...mine.partitions]))
    expect(warm.ears.heard.at(-1)?.partitions).toEqual(expect.arrayContaining([...mine.partitions]))
  })

  test('goes on with a higher generation after all have left, also for who did not know it', async () => {
    const first = inProcess()
    const { generation } = await first.ears.assigned(3)
    first.child.kill('SIGKILL')
    const { ears } = await here()
    const next = await ears.assigned(3)
    expect(next.generation).toBeGreaterThanOrEqual(generation)
  })

  test('drops positions of partitions that a member does not have, and takes none after it left', async () => {
    const { ears, membership } = await here()
    await ears.assigned(3)
    const other = await here()
    const { partitions } = await other.ears.until((heard) => heard.partitions.length > 0)
    const mine = (await ears.until((heard) => heard.what === 'assigned' && heard.partitions.length < 3)).partitions
    await membership.commit(new Map([0, 1, 2].map((partition) => [partition, 5])))
    expect(await Promise.all(mine.map((one) => membership.committed(one)))).toEqual(mine.map(() => 5))
    expect(await Promise.all(partitions.map((one) => membership.committed(one)))).toEqual(partitions.map(() => null))
    await membership.leave()
    await expect(membership.commit(new Map([[0, 6]]))).rejects.toMatchObject(refusal('closed'))
  })

  test('has a name in the namespace, which tools see with its lag', async () => {
    const { ears, membership } = await here()
    await ears.assigned(3)
    await membership.commit(new Map([[1, 2]]))
    const { kafkaAt } = await import('../support/kafka/batches.ts')
    const admin = kafkaAt(kafkaBrokers()).admin()
    await admin.connect()
    const groupId = `${namespace.options.namespace}.${OWNERS.id}`
    const [topic] = await admin.fetchOffsets({ groupId })
    expect(topic?.topic).toBe(`${namespace.options.namespace}.commands`)
    expect(topic?.partitions.find(({ partition }) => partition === 1)?.offset).toBe('2')
    const { groups } = await admin.describeGroups([groupId])
    expect(groups[0]).toMatchObject({ state: 'Stable', protocol: 'horolog-sticky' })
    await admin.disconnect()
  })
})
