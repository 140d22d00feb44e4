/** A member whose coordinator answers what no healthy broker does, or nothing: what the member hears, and that it comes back. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Connections } from '../../../src/adapters/kafka/connections.ts'
import { GroupMembership } from '../../../src/adapters/kafka/group-membership.ts'
import { kafkaSettings } from '../../../src/adapters/kafka/kafka-options.ts'
import { TopicMap } from '../../../src/adapters/kafka/topic-map.ts'
import { SILENT } from '../../../src/ports/telemetry.ts'
import { type ScriptedCoordinator, scriptedCoordinator } from './scripted-coordinator.ts'

const TOPIC = 'space.commands'
const PARTITIONS = [0, 1]
const SESSION_MS = 400
const REBALANCE_MS = 2_000
const [HAS, LOST] = ['has 0,1', 'lost 0,1'] as const

const [INCONSISTENT_GROUP_PROTOCOL, REBALANCE_IN_PROGRESS] = [23, 27]
const [UNKNOWN_SERVER_ERROR, INVALID_SESSION_TIMEOUT, GROUP_NOT_AUTHORIZED, GROUP_MAX_SIZE_REACHED] = [-1, 26, 30, 81]

class Member {
  readonly heard: string[] = []
  readonly errors: string[] = []
  beforeChange: () => Promise<void> = async () => undefined
  #changed: () => void = () => undefined
  readonly #connections: Connections
  readonly membership: GroupMembership

  constructor(address: string) {
    const settings = kafkaSettings({
      brokers: [address],
      namespace: 'space',
      sessionTimeoutMs: SESSION_MS,
      heartbeatIntervalMs: 20,
      rebalanceTimeoutMs: REBALANCE_MS,
    })
    this.#connections = new Connections(settings, SILENT)
    this.membership = new GroupMembership({
      settings,
      logger: { ...SILENT, error: (_details: object, text: string) => this.#note(this.errors, text) },
      topics: new TopicMap(this.#connections, settings.brokers),
      now: () => 0,
      groupId: 'space.owners',
      topic: TOPIC,
      member: {
        name: 'a test',
        assigned: ({ partitions }) => this.#note(this.heard, `has ${partitions.join()}`),
        lost: (partitions) => this.#note(this.heard, `lost ${partitions.join()}`),
        rebalancing: () => this.beforeChange(),
      },
      isOpen: false,
      after: 0,
    })
  }

  /** Resolves when it has heard so much, and so many errors were logged. */
  async hears(count: number, errors = 0): Promise<string[]> {
    await new Promise<void>((resolve) => {
      this.#changed = () => (this.heard.length >= count && this.errors.length >= errors ? resolve() : undefined)
      this.#changed()
    })
    return this.heard
  }

  async close(): Promise<void> {
    await this.membership.leave()
    await this.#connections.close()
  }

  #note(into: string[], text: string): void {
    into.push(text)
    this.#changed()
  }
}

describe('a member of a group', () => {
  let coordinator: ScriptedCoordinator
  let member: Member

  beforeEach(async () => {
    coordinator = await scriptedCoordinator(TOPIC, PARTITIONS)
    member = new Member(coordinator.address)
  })
  afterEach(async () => {
    await member.close()
    await coordinator.close()
  })

  test.each([
    ['heartbeat', UNKNOWN_SERVER_ERROR],
    ['heartbeat', GROUP_MAX_SIZE_REACHED],
    ['join', UNKNOWN_SERVER_ERROR],
    ['sync', UNKNOWN_SERVER_ERROR],
  ] as const)('comes back after a %s was answered with error %i', async (request, code) => {
    await member.hears(1)
    coordinator.fail(request, code, 2)
    if (request !== 'heartbeat') coordinator.fail('heartbeat', UNKNOWN_SERVER_ERROR, 1)
    expect(await member.hears(2)).toEqual([HAS, HAS])
    expect(member.membership.isOver).toBe(false)
  })

  test('that is not allowed any more is told that it lost everything, says so loudly, and does not give up', async () => {
    await member.hears(1)
    coordinator.fail('heartbeat', GROUP_NOT_AUTHORIZED, 1)
    expect(await member.hears(2, 1)).toEqual([HAS, LOST])
    expect(member.errors).toEqual(['the group lets this member in no more; trying again later'])
    expect(member.membership.isOver).toBe(false)
  })

  test('may commit what it has done before it joins a group anew that changes', async () => {
    await member.hears(1)
    member.beforeChange = () => member.membership.commit(new Map([[0, 5]]))
    coordinator.fail('heartbeat', REBALANCE_IN_PROGRESS, 1)
    await member.hears(2)
    expect(coordinator.asked).toEqual(['join', 'sync', 'commit', 'join', 'sync'])
  })

  test('that does not get ready for the change joins without, long before its session ends', async () => {
    await member.hears(1)
    const asked = performance.now()
    member.beforeChange = () => new Promise(() => {})
    coordinator.fail('heartbeat', REBALANCE_IN_PROGRESS, 1)
    expect(await member.hears(2)).toEqual([HAS, HAS])
    expect(performance.now() - asked).toBeLessThan(SESSION_MS)
  })

  test('is told within a session that it lost everything when its coordinator lets nobody connect', async () => {
    await member.hears(1)
    const asked = performance.now()
    await coordinator.refuse()
    expect(await member.hears(2)).toEqual([HAS, LOST])
    expect(performance.now() - asked).toBeLessThan(REBALANCE_MS / 2)
  })

  test('is told so, too, when its joins go out and the connection is cut each time', async () => {
    await member.hears(1)
    const asked = performance.now()
    coordinator.swallow('join', 'cut')
    coordinator.swallow('heartbeat', 'cut')
    expect(await member.hears(2)).toEqual([HAS, LOST])
    expect(performance.now() - asked).toBeLessThan(REBALANCE_MS / 2)
  })

  test('keeps what it has for longer than a session only while its join waits for the others', async () => {
    await member.hears(1)
    const asked = performance.now()
    coordinator.swallow('join', 'silent')
    coordinator.fail('heartbeat', UNKNOWN_SERVER_ERROR, 1)
    expect(await member.hears(2)).toEqual([HAS, LOST])
    expect(performance.now() - asked).toBeGreaterThan(REBALANCE_MS - 100)
  })
})

test.each([GROUP_NOT_AUTHORIZED, INVALID_SESSION_TIMEOUT])(
  'a first join that is answered with error %i is refused',
  async (code) => {
    const coordinator = await scriptedCoordinator(TOPIC, PARTITIONS)
    coordinator.fail('join', code, 1)
    const member = new Member(coordinator.address)
    await expect(member.membership.joined).rejects.toMatchObject({ name: 'LogError', retryable: false })
    await member.close()
    await coordinator.close()
  },
)

test('a first join of a group whose members know other rules is refused with its name, and with what all of them know', async () => {
  const coordinator = await scriptedCoordinator(TOPIC, PARTITIONS)
  coordinator.fail('join', INCONSISTENT_GROUP_PROTOCOL, 1)
  const member = new Member(coordinator.address)
  await expect(member.membership.joined).rejects.toThrow(
    /group space\.owners.*INCONSISTENT_GROUP_PROTOCOL.*assignor range/,
  )
  await member.close()
  await coordinator.close()
})
