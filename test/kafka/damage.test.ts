/** Record batches that a broker's disk has changed: they are told of, and nothing of them is taken for a record. */
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { KafkaLog } from '../../src/adapters/kafka/kafka-log.ts'
import { batch, readAll, texts } from '../contract/event-log.ts'
import { type KafkaBroker, startBroker } from '../support/kafka/broker.ts'
import { describeWithBrokers } from '../support/kafka/on-kafka.ts'
import { until } from '../support/kafka/until.ts'
import { type Namespace, makeNamespace } from './namespace.ts'

const EVENTS = { topic: 'events', partition: 0 }
const PATIENCE_MS = 20_000
const ALL = ['a 0', 'a 1', 'b 0', 'b 1', 'c 0']

describeWithBrokers('a Kafka log whose broker has a damaged batch', () => {
  let folder: string
  let broker: KafkaBroker
  let namespace: Namespace
  let log: KafkaLog
  let mend: () => void

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'damage-'))
    broker = await startBroker({ dataFolder: folder, proxied: true })
  })
  afterAll(async () => {
    await broker.stop()
    rmSync(folder, { recursive: true })
  })
  beforeEach(async () => {
    namespace = await makeNamespace({ brokers: broker.brokers })
    log = await namespace.open({ requestTimeoutMs: 500 })
    await log.append(EVENTS, batch('a', 2))
    await log.append(EVENTS, batch('b', 2))
    await log.append(EVENTS, batch('c', 1))
    mend = flipByte(folder, `${namespace.options.namespace}.events-0`, 'b 1')
  })
  afterEach(() => namespace.close())

  test('gives what stands before it, then an error that names the place and both sums, and never what is behind it', async () => {
    const { records, next } = await log.read(EVENTS, 0, 1_000_000)
    expect({ texts: texts(records), next }).toEqual({ texts: ['a 0', 'a 1'], next: 2 })
    const place = `${namespace.options.namespace}.events[0] offset 2`
    await expect(log.read(EVENTS, 2, 1_000_000)).rejects.toMatchObject({
      code: 'corrupt',
      retryable: true,
      position: place,
      message: expect.stringMatching(/offset 2: .*expected CRC-32C [0-9a-f]{8}, got [0-9a-f]{8}$/) as string,
    })
  })

  test('gives all of it when it was only damaged on the way, or is whole again in time', async () => {
    const patient = await namespace.open({ requestTimeoutMs: 20_000 })
    const reading = patient.read(EVENTS, 2, 1_000_000)
    await expect(log.read(EVENTS, 2, 1_000_000)).rejects.toMatchObject({ code: 'corrupt' })
    mend()
    expect(texts((await reading).records)).toEqual(['b 0', 'b 1', 'c 0'])
    expect(texts(await readAll(log, EVENTS))).toEqual(ALL)
  })

  test('tells who watches of it, who meets it with what he reads, and of the rest when it is whole again', async () => {
    mend()
    let told = 0
    log.watch(EVENTS, () => (told += 1))
    const hears = (): Promise<boolean> => until(async () => told > 0, PATIENCE_MS)
    expect(await hears(), 'that there are records').toBe(true)
    const [proxy] = broker.proxies
    await proxy!.refuse()
    const direct = await namespace.open({ brokers: broker.direct })
    await direct.append(EVENTS, batch('d', 1))
    mend = flipByte(folder, `${namespace.options.namespace}.events-0`, 'd 0')
    told = 0
    await proxy!.accept()
    expect(await hears(), 'of the damaged one').toBe(true)
    await expect(log.read(EVENTS, 5, 1_000_000)).rejects.toMatchObject({ code: 'corrupt' })
    mend()
    await direct.append(EVENTS, batch('e', 1))
    const isRead = async (): Promise<boolean> =>
      texts(await readAll(log, EVENTS)).join() === [...ALL, 'd 0', 'e 0'].join()
    expect(await until(isRead, PATIENCE_MS)).toBe(true)
  })
})

/** Changes one byte of a text in the segment files of a partition. Returns the function that changes it back. */
function flipByte(root: string, partition: string, text: string): () => void {
  const name = readdirSync(root, { recursive: true, encoding: 'utf8' }).find((one) =>
    one.endsWith(join(partition, '0'.repeat(20) + '.log')),
  )
  if (name === undefined) throw new Error(`no segment of ${partition} below ${root}`)
  const path = join(root, name)
  const at = readFileSync(path).indexOf(text)
  if (at < 0) throw new Error(`no ${text} in ${path}`)
  const write = (byte: number): void => {
    const file = openSync(path, 'r+')
    writeSync(file, Uint8Array.of(byte), 0, 1, at)
    closeSync(file)
  }
  const was = text.charCodeAt(0)
  write(was ^ 1)
  return () => write(was)
}
