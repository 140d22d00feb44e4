/** What the Kafka log does when brokers and connections fail. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { KafkaLog } from '../../src/adapters/kafka/kafka-log.ts'
import { LogError } from '../../src/ports/event-log.ts'
import { batch, readAll, record, refusal, texts } from '../contract/event-log.ts'
import { type KafkaBroker, startBroker } from '../support/kafka/broker.ts'
import { describeWithBrokers } from '../support/kafka/on-kafka.ts'
import { type Namespace, makeNamespace } from './namespace.ts'

const EVENTS = { topic: 'events', partition: 0 }
const COMMANDS = { topic: 'commands', partition: 1 }
const UNKNOWN = { name: 'LogError', code: 'no-answer', outcome: 'unknown', retryable: true }

describeWithBrokers('a Kafka log whose broker fails', () => {
  let broker: KafkaBroker
  let namespace: Namespace
  let log: KafkaLog

  beforeAll(async () => {
    broker = await startBroker({ proxied: true })
  })
  afterAll(() => broker.stop())
  beforeEach(async () => {
    namespace = await makeNamespace({ brokers: broker.brokers })
    log = await namespace.open({ requestTimeoutMs: 3_000 })
  })
  afterEach(() => namespace.close())

  test('does not know what became of an append whose reply was lost, and sends it no second time', async () => {
    await log.append(EVENTS, batch('a', 2))
    const dropped = broker.proxies[0]!.dropReply('produce')
    await expect(log.append(EVENTS, batch('b', 2))).rejects.toMatchObject(UNKNOWN)
    await dropped
    expect((await log.append(EVENTS, batch('c', 1))).baseOffset).toBe(4)
    expect(texts(await readAll(log, EVENTS))).toEqual(['a 0', 'a 1', 'b 0', 'b 1', 'c 0'])
  })

  test('does not know it either when no reply comes in time', async () => {
    await log.append(EVENTS, batch('a', 1))
    const dropped = broker.proxies[0]!.dropReply('produce', { cut: false })
    await expect(log.append(EVENTS, batch('b', 1))).rejects.toMatchObject(UNKNOWN)
    await dropped
    expect((await log.append(EVENTS, batch('c', 1))).baseOffset).toBe(2)
  })

  test('refuses appends while nothing listens, and takes them afterwards', async () => {
    await log.append(EVENTS, batch('a', 1))
    await broker.proxies[0]!.refuse()
    expect(await untilRefused(log)).toMatchObject({ code: 'unavailable', retryable: true })
    await broker.proxies[0]!.accept()
    await log.append(EVENTS, batch('c', 1))
    const read = texts(await readAll(log, EVENTS))
    expect([read[0], read.at(-1)]).toEqual(['a 0', 'c 0'])
  })

  test('reads on, and tells of new records, after the broker was killed and is back', async () => {
    const told = new Promise<void>((resolve) => {
      log.watch(COMMANDS, resolve)
    })
    await log.append(EVENTS, batch('a', 3))
    await broker.kill()
    const reading = patientRead(log)
    await broker.restart()
    expect(await reading).toEqual(['a 0', 'a 1', 'a 2'])
    await appendUntilTaken(log)
    await told
  })

  test('gives a member its partitions back after the broker was away for longer than a session', async () => {
    const history: string[] = []
    let changed: () => void = () => undefined
    const note = (text: string): void => {
      history.push(text)
      changed()
    }
    await log.join({
      name: 'a test',
      assigned: ({ partitions }) => note(`has ${partitions.join()}`),
      lost: (partitions) => note(`lost ${partitions.join()}`),
    })
    const heard = async (count: number): Promise<void> => {
      await new Promise<void>((resolve) => {
        changed = () => (history.length >= count ? resolve() : undefined)
        changed()
      })
    }
    await heard(1)
    broker.pause()
    await heard(2)
    broker.resume()
    await heard(3)
    expect(history).toEqual(['has 0,1,2', 'lost 0,1,2', 'has 0,1,2'])
  })

  test('closes although the broker does not answer', async () => {
    log.watch(EVENTS, () => undefined)
    await log.append(EVENTS, batch('a', 1))
    broker.pause()
    await log.close()
    broker.resume()
    await expect(log.end(EVENTS)).rejects.toMatchObject(refusal('closed'))
  })
})

describeWithBrokers('a Kafka log on three brokers', () => {
  test('follows the leader that takes over, loses nothing, and says so when it does not know', async () => {
    const broker = await startBroker({ nodes: 3 })
    const namespace = await makeNamespace({ brokers: broker.brokers })
    const log = await namespace.open({ requestTimeoutMs: 5_000 })
    try {
      const acknowledged: string[] = []
      const append = async (name: string): Promise<void> => {
        for (;;) {
          try {
            await Promise.all([0, 1, 2].map((partition) => log.append({ topic: 'events', partition }, [record(name)])))
            acknowledged.push(name)
            return
          } catch (err) {
            if (!(err instanceof LogError) || !err.retryable) throw err
          }
        }
      }
      for (let round = 0; round < 5; round++) await append(`before ${round}`)
      await broker.kill(2)
      for (let round = 0; round < 5; round++) await append(`after ${round}`)
      for (const partition of [0, 1, 2]) {
        const read = texts(await readAll(log, { topic: 'events', partition }))
        expect([...new Set(read)]).toEqual(acknowledged)
      }
    } finally {
      await namespace.close()
      await broker.stop()
    }
  })
})

/** Until one is refused: those before it may have been under way when the connection broke. */
async function untilRefused(log: KafkaLog): Promise<LogError> {
  for (;;) {
    const err: unknown = await log.append(EVENTS, batch('b', 1)).catch((failure: unknown) => failure)
    if (err instanceof LogError && err.outcome === 'refused') return err
  }
}

async function appendUntilTaken(log: KafkaLog): Promise<void> {
  for (;;) {
    try {
      await log.append(COMMANDS, batch('c', 1))
      return
    } catch (err) {
      if (!(err instanceof LogError) || !err.retryable) throw err
    }
  }
}

/** Reads again what was too impatient for a broker's restart, and what came before the broker had found its records. */
async function patientRead(log: KafkaLog): Promise<string[]> {
  for (;;) {
    try {
      const { records } = await log.read(EVENTS, 0, 1_000_000)
      if (records.length > 0) return texts(records)
    } catch (err) {
      if (!(err instanceof LogError) || !err.retryable) throw err
    }
  }
}
