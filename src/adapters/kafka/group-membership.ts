/**
 * A member of a consumer group: joins, sends heartbeats, joins again when the group changes, and tells which partitions it has.
 *
 * The classic protocol of consumer groups, spoken by ourselves: heartbeats don't depend on anybody fetching, the leader's
 * generation reaches every member, and there is no crash that ends a membership.
 * Boundary: advice only, as the port says. Records are read elsewhere.
 * Invariants:
 * 1. Callbacks never run inside a call, what is lost is told before what is given, and nobody hears anything after leaving.
 * 2. Generations rise from one assignment to the next, for all members, also when the broker has forgotten the group: each is
 *    higher than all that the members knew, and than the seconds since 2020 when it was made.
 * 3. Without a heartbeat answered for a session's time everything is told lost: others may have been given it. Only while
 *    the coordinator has a join or a sync of ours to answer it waits for that, because the session does.
 * 4. Once it has joined it goes on trying until it is left, whatever it is told.
 * 5. Before it joins again because the group changes, the member may commit what it has done.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Assignment, GroupMember, Membership } from '../../ports/event-log.ts'
import { LogError } from '../../ports/event-log.ts'
import type { Logger } from '../../ports/telemetry.ts'
import { Connections } from './connections.ts'
import { GroupCoordinator, groupError } from './group-coordinator.ts'
import {
  type JoinAnswer,
  type SyncAnswer,
  commitRequest,
  committedRequest,
  heartbeatRequest,
  joinGroupRequest,
  leaveGroupRequest,
  syncGroupRequest,
} from './group-requests.ts'
import type { KafkaSettings } from './kafka-options.ts'
import { type Share, shareOut } from './group-share.ts'
import { type MemberData, decodeGeneration, encodeMember } from './member-data.ts'
import type { WireRequest } from './requests.ts'
import type { TopicMap } from './topic-map.ts'

export interface GroupMembershipOptions {
  readonly settings: KafkaSettings
  readonly logger: Logger
  readonly topics: TopicMap
  readonly now: () => number
  /** The full names. */
  readonly groupId: string
  readonly topic: string
  readonly member: GroupMember
  /** Programs of others may be members too: what they offer is offered. Generations rise only as long as one of ours leads. */
  readonly isOpen: boolean
  /** The generation of a membership before this one; 0: there was none. */
  readonly after: number
}

const ASSIGNER = 'horolog-sticky'
/** What clients in other languages offer by default. Who leads shares out as it thinks right: the name only tells that the others know. */
const COMMON_ASSIGNERS = ['range', 'roundrobin', 'RoundRobinAssigner']
/** A member of another program joins when its task is over: by default they have so long for it. */
const OTHERS_MAX_POLL_MS = 300_000
const RETRY_MS = 50
const MAX_RETRY_MS = 1_000
/** What trying again does not mend, people do. */
const MENDED_MS = 30_000
/** For the word that it leaves. */
const LEAVE_MS = 2_000
/** After so many failed attempts it is told. */
const WARN_AFTER = 5
/** How often the leader looks whether the topic has grown. */
const RECOUNT_MS = 60_000
/** Of the session: the join comes in time after it, also when the heartbeat that said so was slow. */
const SHARE_TO_PREPARE = 3

const ILLEGAL_GENERATION = 22
const UNKNOWN_MEMBER_ID = 25
const REBALANCE_IN_PROGRESS = 27
const MEMBER_ID_REQUIRED = 79
const UNSTABLE_OFFSET_COMMIT = 88

export class GroupMembership implements Membership {
  /** Rejects with `LogError` when the group can't be joined at all. */
  readonly joined: Promise<void>
  #hasJoined = false
  readonly #options: GroupMembershipOptions
  readonly #connections: Connections
  readonly #coordinator: GroupCoordinator
  readonly #stop = new AbortController()
  #memberId = ''
  /** Of the broker: each request names it. */
  #groupGeneration = -1
  #leads = false
  #partitionCount = 0
  #assignment: Assignment
  /** The member was told that it has what the assignment says. */
  #isHeld = false
  #expiry: NodeJS.Timeout | undefined
  /** The coordinator may have a join or a sync of ours to answer. */
  #isAwaited = false
  /** The session's time went by meanwhile. */
  #isOverdue = false
  #leaving: Promise<void> | null = null

  constructor(options: GroupMembershipOptions) {
    const { settings, logger, topics, groupId } = options
    this.#options = options
    // A coordinator that is silent for longer than a session has expelled us.
    const requestTimeoutMs = Math.min(settings.requestTimeoutMs, settings.sessionTimeoutMs)
    this.#connections = new Connections({ ...settings, requestTimeoutMs }, logger)
    this.#coordinator = new GroupCoordinator(groupId, this.#connections, topics)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.joined = promise
    this.#assignment = { partitions: [], generation: options.after }
    void this.#run(resolve)
      .catch(reject)
      .then(() => this.leave())
  }

  get isOver(): boolean {
    return this.#leaving !== null
  }

  get generation(): number {
    return this.#assignment.generation
  }

  leave(): Promise<void> {
    this.#leaving ??= this.#leave()
    return this.#leaving
  }

  async commit(positions: ReadonlyMap<number, number>): Promise<void> {
    const { groupId, topic } = this.#options
    if (this.#leaving !== null) throw new LogError('closed', `${groupId} was left`)
    const held = [...positions].filter(([partition]) => this.#isHeld && this.#assignment.partitions.includes(partition))
    if (held.length === 0) return
    const request = commitRequest(this.#memberOf(), topic, held)
    const code = await this.#coordinator.request(request, (answer) => answer, 1)
    if (code !== 0) throw groupError(code, groupId)
  }

  async committed(partition: number): Promise<number | null> {
    const { groupId, topic, settings } = this.#options
    const request = committedRequest(groupId, { topic, partition })
    for (let waited = 0; ; waited += RETRY_MS) {
      if (this.#leaving !== null) throw new LogError('closed', `${groupId} was left`)
      try {
        const { errorCode, offset } = await this.#coordinator.request(request, (answer) => answer.errorCode, 1)
        if (errorCode === 0) return offset < 0 ? null : offset
        if (errorCode !== UNSTABLE_OFFSET_COMMIT) throw groupError(errorCode, groupId)
      } catch (err) {
        const isPassing = err instanceof LogError && err.retryable
        if (!isPassing || waited >= settings.requestTimeoutMs) throw err
      }
      await sleep(RETRY_MS, undefined, { ref: false })
    }
  }

  async #leave(): Promise<void> {
    this.#stop.abort()
    clearTimeout(this.#expiry)
    if (this.#memberId !== '') {
      const request = leaveGroupRequest(this.#options.groupId, this.#memberId)
      const said = this.#coordinator.request(request, () => 0, 1).catch(() => undefined)
      // When it can't be said, the group finds out by the session time-out.
      await Promise.race([said, sleep(LEAVE_MS, undefined, { ref: false })])
    }
    await this.#connections.close()
  }

  async #run(joined: () => void): Promise<void> {
    const { logger, groupId } = this.#options
    let pause = RETRY_MS
    for (let failures = 0; !this.#stop.signal.aborted;) {
      try {
        await this.#enter()
        this.#hasJoined = true
        joined()
        pause = RETRY_MS
        failures = 0
        await this.#stay()
        await this.#prepare()
      } catch (err) {
        if (this.#stop.signal.aborted) break
        if (!(err instanceof LogError) || !err.retryable) {
          await this.#refused(err)
          continue
        }
        failures++
        const log = failures === WARN_AFTER ? 'warn' : 'debug'
        logger[log]({ err, group: groupId }, 'not in the group now; trying again')
        await this.#pause(pause)
        pause = Math.min(pause * 2, MAX_RETRY_MS)
      }
    }
    throw new LogError('closed', `${groupId} was left`)
  }

  /** What the same request would only meet again. */
  async #refused(err: unknown): Promise<void> {
    const { logger, groupId } = this.#options
    this.#loseAll()
    if (!this.#hasJoined) {
      logger.error({ err, group: groupId }, 'the group can not be joined')
      throw err
    }
    logger.error(
      { err, group: groupId, retryMs: MENDED_MS },
      'the group lets this member in no more; trying again later',
    )
    await this.#pause(MENDED_MS)
  }

  /** Joins until there is an assignment. */
  async #enter(): Promise<void> {
    const { settings, groupId, topic, isOpen } = this.#options
    const { sessionTimeoutMs, rebalanceTimeoutMs } = settings
    for (;;) {
      const userData = encodeMember(this.#memberData())
      const join = {
        groupId,
        memberId: this.#memberId,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        waitMs: this.#joinWaitMs,
        assigners: isOpen ? [ASSIGNER, ...COMMON_ASSIGNERS] : [ASSIGNER],
        topic,
      }
      const answer = await this.#awaited(joinGroupRequest({ ...join, userData }))
      if (this.#mustJoinAgain(answer)) continue
      const synced = await this.#sync(answer)
      if (this.#mustJoinAgain(synced)) continue
      this.#take(synced)
      return
    }
  }

  /** Of an answer with an error: whether joining again mends it. Throws when it does not. */
  #mustJoinAgain(answer: { readonly errorCode: number; readonly memberId?: string }): boolean {
    switch (answer.errorCode) {
      case 0:
        return false
      case MEMBER_ID_REQUIRED:
        this.#memberId = answer.memberId ?? ''
        return true
      case UNKNOWN_MEMBER_ID:
        this.#memberId = ''
        this.#loseAll()
        return true
      case ILLEGAL_GENERATION:
        this.#loseAll()
        return true
      case REBALANCE_IN_PROGRESS:
        return true
      default:
        throw groupError(answer.errorCode, this.#options.groupId)
    }
  }

  async #sync(answer: JoinAnswer): Promise<SyncAnswer> {
    const { groupId, topic } = this.#options
    this.#memberId = answer.memberId
    this.#groupGeneration = answer.generation
    this.#leads = answer.leaderId === answer.memberId
    const assignments = this.#leads ? await this.#decide(answer) : new Map<string, Share>()
    return this.#awaited(syncGroupRequest({ ...this.#memberOf(), groupId, topic, assignments }))
  }

  /** A request that the coordinator answers when the others are there: meanwhile no heartbeat is due. */
  async #awaited<T extends { readonly errorCode: number }>(request: WireRequest<T>): Promise<T> {
    const { sessionTimeoutMs } = this.#options.settings
    const over = (): void => {
      this.#isAwaited = false
      if (this.#isOverdue) this.#expired()
    }
    let bound: NodeJS.Timeout | undefined
    const sent = (): void => {
      this.#isAwaited = true
      bound = setTimeout(over, this.#joinWaitMs).unref()
    }
    try {
      const answer = await this.#coordinator.request(request, codeOf, 0, sent)
      if (answer.errorCode === 0) this.#expireAfter(sessionTimeoutMs)
      return answer
    } finally {
      clearTimeout(bound)
      over()
    }
  }

  /** As the leader: who gets what. */
  async #decide({ members }: JoinAnswer): Promise<ReadonlyMap<string, Share>> {
    const { topics, topic, now } = this.#options
    this.#partitionCount = (await topics.recount(topic)) ?? 0
    return shareOut(members, { topic, partitions: this.#partitionCount, nowMs: now() })
  }

  #take({ partitions, userData }: SyncAnswer): void {
    const generation = decodeGeneration(userData) ?? this.#assignment.generation + 1
    const lost = this.#isHeld ? this.#assignment.partitions.filter((one) => !partitions.includes(one)) : []
    this.#assignment = { partitions: partitions.toSorted((a, b) => a - b), generation }
    this.#expireAfter(this.#options.settings.sessionTimeoutMs)
    if (lost.length > 0) this.#tell((member) => member.lost(lost))
    this.#hold()
  }

  #hold(): void {
    const assignment = this.#assignment
    this.#isHeld = true
    this.#tell((member) => member.assigned(assignment))
  }

  #loseAll(): void {
    const { partitions } = this.#assignment
    if (this.#isHeld && partitions.length > 0) this.#tell((member) => member.lost(partitions))
    this.#isHeld = false
  }

  /** Heartbeats until the group must be joined anew. */
  async #stay(): Promise<void> {
    const { settings, topics, topic } = this.#options
    for (let sinceCount = 0; ; sinceCount += settings.heartbeatIntervalMs) {
      await this.#pause(settings.heartbeatIntervalMs)
      const sent = setTimeout(() => this.#expired(), settings.sessionTimeoutMs).unref()
      const code = await this.#coordinator
        .request(heartbeatRequest(this.#memberOf()), (answer) => answer)
        .catch((err) => {
          clearTimeout(sent)
          throw err
        })
      if (this.#stop.signal.aborted || code !== 0) clearTimeout(sent)
      if (this.#stop.signal.aborted) return
      if (this.#mustJoinAgain({ errorCode: code })) return
      clearTimeout(this.#expiry)
      this.#expiry = sent
      if (!this.#isHeld) this.#hold()
      if (!this.#leads || sinceCount < RECOUNT_MS) continue
      sinceCount = 0
      if ((await topics.recount(topic)) !== this.#partitionCount) return
    }
  }

  /** The group waits for its members; but without a heartbeat only for a session's time. */
  async #prepare(): Promise<void> {
    const { member, settings, logger, groupId } = this.#options
    if (!this.#isHeld || member.rebalancing === undefined || this.#stop.signal.aborted) return
    const withinMs = Math.floor(settings.sessionTimeoutMs / SHARE_TO_PREPARE)
    const prepared = member.rebalancing(withinMs)
    prepared.catch((err: unknown) =>
      logger.warn({ err, group: groupId }, 'what is done could not be committed in time'),
    )
    await Promise.race([prepared.catch(() => undefined), this.#pause(withinMs)])
  }

  #expireAfter(ms: number): void {
    this.#isOverdue = false
    clearTimeout(this.#expiry)
    this.#expiry = setTimeout(() => this.#expired(), ms).unref()
  }

  #expired(): void {
    const { logger, groupId } = this.#options
    this.#isOverdue = this.#isAwaited
    if (this.#isAwaited) return
    if (this.#isHeld) logger.warn({ group: groupId }, 'no heartbeat was answered for a session: others may own now')
    this.#loseAll()
  }

  #memberData(): MemberData {
    const { partitions, generation } = this.#assignment
    const warm = this.#options.member.warm?.() ?? []
    return { name: this.#options.member.name, owned: this.#isHeld ? partitions : [], generation, warm }
  }

  get #joinWaitMs(): number {
    const { settings, isOpen } = this.#options
    const { sessionTimeoutMs, rebalanceTimeoutMs } = settings
    return Math.max(sessionTimeoutMs, rebalanceTimeoutMs, isOpen ? OTHERS_MAX_POLL_MS : 0)
  }

  #memberOf(): { groupId: string; generation: number; memberId: string } {
    return { groupId: this.#options.groupId, generation: this.#groupGeneration, memberId: this.#memberId }
  }

  #tell(what: (member: GroupMember) => void): void {
    setImmediate(() => {
      if (this.#leaving === null) what(this.#options.member)
    })
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined)
  }
}

function codeOf({ errorCode }: { readonly errorCode: number }): number {
  return errorCode
}
