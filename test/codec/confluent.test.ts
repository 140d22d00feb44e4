/** The Confluent encoding: what a registry says of a schema decides whether a value is ours. */
import { expect, test } from 'vitest'
import { encodeCommand } from '../../src/codec/command-avro.ts'
import { createInputCodec, INPUT_CODEC } from '../../src/codec/input-codec.ts'
import { schemaStore, schemaText } from '../../src/codec/schema-store.ts'
import type { InputRecord } from '../../src/ports/input-codec.ts'
import type { SchemaRegistry } from '../../src/ports/schema-registry.ts'

const BODY_AT = 10
const asked = { commandId: 'c-1', commandGiven: true, actor: null, commandOffset: null }
const value = encodeCommand({ type: 'RemoveJob', jobId: 'daily', ...asked })

/** A registry of these schemas, and how often it was asked. */
function registryOf(schemas: Readonly<Record<number, string>>): SchemaRegistry & { asked: number } {
  return {
    asked: 0,
    async schema(id) {
      this.asked += 1
      return schemas[id] ?? null
    },
    close() {},
  }
}

function confluent(id: number, body: Uint8Array = value.subarray(BODY_AT)): Buffer {
  const header = Buffer.alloc(5)
  header.writeInt32BE(id, 1)
  return Buffer.concat([header, body])
}

function record(bytes: Uint8Array, headers: InputRecord['headers'] = []): InputRecord {
  return { topic: 'commands', partition: 0, offset: 7, timestamp: 0, key: 'daily', value: bytes, headers }
}

/** The schema of `RemoveJob` with one thing changed. */
function changed(change: (schema: Record<string, unknown>) => void): string {
  const schema = JSON.parse(schemaText('RemoveJob')) as Record<string, unknown>
  change(schema)
  return JSON.stringify(schema)
}

test.each([...schemaStore().byName.keys()])('the schema of %s, written out, is known as ours', async (name) => {
  const codec = createInputCodec(registryOf({ 1: schemaText(name) }))
  const reading = await codec.command(record(confluent(1, new Uint8Array(0))))
  // Its body is refused, or it is no command; but it is not called foreign.
  expect(JSON.stringify(reading)).not.toContain('none of ours')
})

test('a command is read as the same one in single-object encoding', async () => {
  const codec = createInputCodec(registryOf({ 5: schemaText('RemoveJob') }))
  expect(await codec.command(record(confluent(5)))).toEqual(INPUT_CODEC.command(record(value)))
})

test.each([
  [
    'a full name instead of a namespace',
    (s: Record<string, unknown>) => Object.assign(s, { name: 'io.horolog.v1.RemoveJob', namespace: 'x' }),
  ],
  [
    'no documentation and another order',
    (s: Record<string, unknown>) => Object.assign(s, { doc: undefined, aliases: ['Delete'] }),
  ],
  [
    'primitive types written as objects',
    (s: Record<string, unknown>) =>
      Object.assign(s, {
        fields: (s['fields'] as { name: string }[]).map(({ name }) => ({
          type: [{ type: 'null' }, { type: 'string' }],
          name,
        })),
      }),
  ],
])('a schema with %s says the same', async (_what, change) => {
  const codec = createInputCodec(registryOf({ 5: changed(change) }))
  expect(await codec.command(record(confluent(5)))).toMatchObject({ kind: 'command', command: { jobId: 'daily' } })
})

test.each([
  ['another name', (s: Record<string, unknown>) => Object.assign(s, { name: 'DropJob' })],
  ['a field less', (s: Record<string, unknown>) => Object.assign(s, { fields: (s['fields'] as unknown[]).slice(1) })],
  [
    'fields in another order',
    (s: Record<string, unknown>) => Object.assign(s, { fields: (s['fields'] as unknown[]).toReversed() }),
  ],
  ['no fields at all', (s: Record<string, unknown>) => Object.assign(s, { fields: null })],
  ['a name that is none', (s: Record<string, unknown>) => Object.assign(s, { name: 7 })],
])('a schema with %s is none of ours', async (_what, change) => {
  const codec = createInputCodec(registryOf({ 5: changed(change) }))
  const reading = await codec.command(record(confluent(5)))
  expect(reading).toMatchObject({ kind: 'rejected', rejection: { code: 'unsupported-type' }, jobId: 'daily' })
})

test.each(['', '{', '"string"', '[', `${'['.repeat(100)}${']'.repeat(100)}`, '{"type":{"type":{"type":7}}}'])(
  'the text %j of a registry is no schema of ours',
  async (text) => {
    const codec = createInputCodec(registryOf({ 5: text }))
    expect(await codec.command(record(confluent(5)))).toMatchObject({ rejection: { code: 'unsupported-type' } })
  },
)

test('a registry is asked once for a schema, and again for one that it did not have', async () => {
  const schemas: Record<number, string> = { 5: schemaText('RemoveJob') }
  const registry = registryOf(schemas)
  const codec = createInputCodec(registry)
  for (let time = 0; time < 3; time += 1) await codec.command(record(confluent(5)))
  expect(registry.asked).toBe(1)
  expect(await codec.command(record(confluent(6)))).toMatchObject({ rejection: { code: 'unsupported-type' } })
  schemas[6] = schemaText('RemoveJob')
  expect(await codec.command(record(confluent(6)))).toMatchObject({ kind: 'command' })
})

test('a header that is cut off is malformed, and nobody is asked', async () => {
  const registry = registryOf({})
  const reading = await createInputCodec(registry).command(record(Uint8Array.of(0, 0, 0)))
  expect(reading).toMatchObject({ kind: 'rejected', rejection: { code: 'malformed' } })
  expect(registry.asked).toBe(0)
})

test('a payload that begins like it is a payload, in a plain job and in a plain report', () => {
  const registry = registryOf({})
  const codec = createInputCodec(registry)
  const header = (name: string, text: string): readonly [string, Buffer] => [name, Buffer.from(text)]
  const job = codec.command(record(confluent(1), [header('horolog-task', 'greet')]))
  expect(job).toMatchObject({
    kind: 'command',
    command: { type: 'AddJob', job: { payload: new Uint8Array(confluent(1)) } },
  })
  const headers = [
    header('horolog-outcome', 'succeeded'),
    header('horolog-run-id', 'a/1-1-0/x'),
    header('horolog-attempt', '1'),
  ]
  expect(codec.report({ ...record(Buffer.from('\0hello')), headers })).toMatchObject({ report: { result: '\0hello' } })
  expect(registry.asked).toBe(0)
})
