/** Commands and reports in the Confluent encoding, with a real schema registry and a real broker. */
import type { Producer } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeCommand } from '../../src/codec/command-avro.ts'
import { encodeReport } from '../../src/codec/report-codec.ts'
import { schemaText } from '../../src/codec/schema-store.ts'
import { partitionOf } from '../../src/core/partition.ts'
import { type EventType, registerSchemas } from '../../src/index.ts'
import { type ForeignOwner, PARTITIONS, startOwner } from '../support/foreign/owner.ts'
import { connectedProducer, kafkaAt } from '../support/kafka/batches.ts'
import { describeWithBrokers, uniqueName } from '../support/kafka/on-kafka.ts'
import { type RegistryGate, startGate } from '../support/kafka/registry-gate.ts'
import { startRegistry, type TestRegistry } from '../support/kafka/registry.ts'

const TYPES: readonly EventType[] = ['CommandRejected', 'JobAdded', 'ReportIgnored', 'RunQueued', 'RunSucceeded']
const SINGLE_OBJECT_HEADER_BYTES = 10
/** The registry has 140 MB, to be fetched the first time. */
const FIRST_TIME_MS = 300_000

let registry: TestRegistry
let gate: RegistryGate
let owner: ForeignOwner
let producer: Producer
let ids: ReadonlyMap<string, number>

/** A value in the Confluent encoding, of one in single-object encoding. */
function confluent(id: number, value: Uint8Array): Buffer {
  const header = Buffer.alloc(5)
  header.writeInt32BE(id, 1)
  return Buffer.concat([header, value.subarray(SINGLE_OBJECT_HEADER_BYTES)])
}

function idOf(subject: string): number {
  const id = ids.get(`${owner.namespace}.${subject}`)
  if (id === undefined) throw new Error(`no subject ${subject}`)
  return id
}

function addJob(id: string): Uint8Array {
  const job = { task: 'greet', trigger: { type: 'crontab', expression: '@daily' } }
  const asked = { commandId: id, commandGiven: true, actor: null, commandOffset: null }
  return encodeCommand({ type: 'AddJob', jobId: id, ifExists: 'replace', job, ...asked })
}

async function send(topic: string, key: string, value: Buffer): Promise<void> {
  const messages = [{ key, value, partition: partitionOf(key, PARTITIONS) }]
  await producer.send({ topic: `${owner.namespace}.${topic}`, messages, acks: -1 })
}

/** Registers a schema as some other client would. */
async function registered(subject: string, schema: object): Promise<number> {
  const body = JSON.stringify({ schema: JSON.stringify(schema) })
  const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' }
  const response = await fetch(`${registry.url}/subjects/${subject}/versions`, { method: 'POST', body, headers })
  return ((await response.json()) as { id: number }).id
}

describeWithBrokers('with a schema registry', () => {
  beforeAll(async () => {
    registry = await startRegistry()
    gate = await startGate(registry.url)
    owner = await startOwner([], TYPES, { registry: { url: gate.url }, logger: gate.logger })
    ids = await registerSchemas({ url: registry.url, namespace: owner.namespace })
    producer = await connectedProducer(kafkaAt([owner.bootstrap]))
  }, FIRST_TIME_MS)
  afterAll(async () => {
    await producer?.disconnect()
    await owner?.stop()
    await gate?.close()
    await registry?.stop()
  })

  test('each command and the report has a subject of its topic and its name, and keeps its number', async () => {
    expect([...ids.keys()]).toContain(`${owner.namespace}.commands-io.horolog.v1.AddJob`)
    expect([...ids.keys()]).toContain(`${owner.namespace}.reports-io.horolog.v1.Report`)
    expect(await registerSchemas({ url: registry.url, namespace: owner.namespace })).toEqual(ids)
  })

  test('a command is done like any other, and so is a report', async () => {
    const id = uniqueName('confluent')
    await send('commands', id, confluent(idOf('commands-io.horolog.v1.AddJob'), addJob(id)))
    expect(await owner.heard.event('JobAdded', { commandId: id })).toMatchObject({ jobId: id })
    await owner.scheduler.runJob(id)
    const runId = String((await owner.heard.event('RunQueued', { jobId: id }))['runId'])
    const at = Date.now()
    const executor = 'elsewhere:1:ab'
    const done = { type: 'succeeded', runId, jobId: id, attempt: 1, token: null, at, startedAt: at, executor } as const
    const report = encodeReport({ ...done, result: { via: 'registry' }, error: null })
    await send('reports', id, confluent(idOf('reports-io.horolog.v1.Report'), report))
    expect(await owner.heard.event('RunSucceeded', { runId })).toMatchObject({ result: { via: 'registry' } })
  })

  test('a schema that says the same in other words is one of ours', async () => {
    const id = uniqueName('other-words')
    const { doc: _doc, name, namespace, ...rest } = JSON.parse(schemaText('AddJob')) as Record<string, unknown>
    const schema = { ...rest, name: `${String(namespace)}.${String(name)}`, doc: 'Somebody else wrote this.' }
    await send('commands', id, confluent(await registered(uniqueName('their'), schema), addJob(id)))
    expect(await owner.heard.event('JobAdded', { commandId: id })).toMatchObject({ jobId: id })
  })

  test('a schema that is none of ours, and a number that nobody registered, are rejected', async () => {
    const fields = [{ name: 'commandId', type: 'string' }]
    const theirs = { type: 'record', name: 'AddJob', namespace: 'io.horolog.v1', fields }
    const cases = [
      { number: await registered(uniqueName('theirs'), theirs), reason: /none of ours/ },
      { number: 987_654_321, reason: /has no Avro schema 987654321/ },
    ]
    for (const { number, reason } of cases) {
      const id = uniqueName('rejected')
      await send('commands', id, confluent(number, addJob(id)))
      const rejected = await owner.heard.event('CommandRejected', { jobId: id })
      expect(rejected).toMatchObject({ code: 'unsupported-type', reason: expect.stringMatching(reason) as string })
    }
    const runs = uniqueName('no-report')
    await send('reports', runs, confluent(987_654_321, addJob(runs)))
    const ignored = await owner.heard.event('ReportIgnored', { partition: partitionOf(runs, PARTITIONS) })
    expect(ignored).toMatchObject({ why: 'malformed' })
  })

  test('while the registry gives no answer, what needs it waits, the schedule goes on, and the operator is told', async () => {
    const waiting = uniqueName('waiting')
    for (const trouble of ['silence', 'refusal', 'nonsense'] as const) {
      gate.make(trouble)
      const warned = gate.warned()
      await send('commands', `${waiting}-${trouble}`, confluent(await unasked(), addJob(`${waiting}-${trouble}`)))
      await warned
      const beside = neighbourOf(`${waiting}-${trouble}`)
      await owner.scheduler.addJob({ id: beside, task: 'tick' })
      await owner.heard.event('RunQueued', { jobId: beside })
      expect(owner.heard.of('JobAdded', { commandId: `${waiting}-${trouble}` })).toEqual([])
      gate.make('answers')
      expect(await owner.heard.event('JobAdded', { commandId: `${waiting}-${trouble}` })).toBeDefined()
    }
    expect(owner.heard.of('CommandRejected', {}).map(({ jobId }) => String(jobId))).not.toContainEqual(
      expect.stringContaining(waiting),
    )
  })
})

/** The id of a job that lives on the same partition. */
function neighbourOf(jobId: string): string {
  for (;;) {
    const id = uniqueName('beside')
    if (partitionOf(id, PARTITIONS) === partitionOf(jobId, PARTITIONS)) return id
  }
}

/** The number of a schema of ours that the owner has not asked for yet. */
async function unasked(): Promise<number> {
  const schema = { ...(JSON.parse(schemaText('AddJob')) as object), doc: uniqueName('doc') }
  return registered(uniqueName('later'), schema)
}
