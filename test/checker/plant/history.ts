/**
 * Writes histories for tests: batches of records with the right place, owner and chain, or wrong in exactly one way. The
 * bytes are made by another Avro library than the checker reads them with.
 *
 * Boundary: values of records. How they stand in files is `frames.ts`.
 */
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { fingerprintOf, readSchemaFiles, type Schema } from '../avro/schema-files.ts'
import { avscTypes } from './avsc-types.ts'
import type { PlantedRecord } from './frames.ts'

export interface PlantedEvent {
  readonly type: string
  readonly [member: string]: unknown
}

export interface PlantedBatch {
  readonly events: readonly PlantedEvent[]
  /** When it was decided, epoch ms. */
  readonly time: number
  /** Members of its trailer that are not what they ought to be; false: it has none. */
  readonly trailer?: false | Readonly<Record<string, unknown>>
}

const schemas = fileURLToPath(new URL('../../../schemas', import.meta.url))
const types = avscTypes(schemas)
const { named } = readSchemaFiles(schemas)

export class History {
  /** One after another; each is one append. */
  readonly appends: PlantedRecord[][] = []
  #epoch = 0
  #seq = 0
  #owners = 0
  #owner = Buffer.alloc(16)
  #chain = Buffer.alloc(32)

  announce(time: number, members: Readonly<Record<string, unknown>> = {}): this {
    this.#epoch = typeof members['epoch'] === 'number' ? members['epoch'] : this.#epoch + 1
    this.#seq = 0
    this.#owners += 1
    this.#owner = Buffer.alloc(16, this.#owners)
    const owner = this.#owner
    const known = { node: 'host:1', partitions: 1, hash: 'murmur2', format: 1, logId: Buffer.alloc(16, 7) }
    const place = { epoch: this.#epoch, seq: 0, index: 0, time }
    const value = encode('OwnerAnnounced', { ...place, owner, ...known, ...members })
    this.#append([{ key: null, value }])
    return this
  }

  batch({ events, time, trailer = {} }: PlantedBatch): this {
    this.#seq += 1
    const place = { epoch: this.#epoch, seq: this.#seq, time }
    const records = events.map((event, index) => ({
      key: typeof event['jobId'] === 'string' ? event['jobId'] : null,
      value: encode(event.type, { ...place, index, ...event }),
    }))
    if (trailer !== false) {
      const count = events.length
      const positions = { commandsThrough: -1, reportsThrough: -1, dispatchedThrough: { epoch: 0, seq: 0 } }
      const right = { ...place, index: count, owner: this.#owner, count, prev: this.#chain, ...positions }
      records.push({ key: null, value: encode('BatchCommitted', { ...right, ...trailer }) })
    }
    this.#append(records)
    return this
  }

  #append(records: PlantedRecord[]): void {
    this.appends.push(records)
    const hash = createHash('sha256').update(this.#chain)
    for (const { value } of records)
      hash.update(Buffer.from(Uint32Array.of(value.length).buffer).swap32()).update(value)
    this.#chain = hash.digest()
  }
}

/** Members that are not given are zero, empty or null. */
export function encode(type: string, members: Readonly<Record<string, unknown>>): Buffer {
  const avsc = types.get(type)
  if (avsc === undefined) throw new Error(`no schema ${type}`)
  const fingerprint = Buffer.alloc(8)
  fingerprint.writeBigUInt64LE(fingerprintOf(JSON.stringify(avsc.schema())))
  return Buffer.concat([Buffer.of(0xc3, 0x01), fingerprint, avsc.toBuffer(filled(`io.horolog.v1.${type}`, members))])
}

function filled(name: string, members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const schema = named.get(name)
  if (schema?.kind !== 'record') throw new Error(`${name} is no record`)
  return Object.fromEntries(
    schema.fields.map((field) => [field.name, valueOf(field.schema, members[field.name])] as const),
  )
}

function valueOf(schema: Schema, given: unknown): unknown {
  switch (schema.kind) {
    case 'union':
      return given ?? null
    case 'array':
      return given ?? []
    case 'map':
      return given ?? {}
    case 'named': {
      const definition = named.get(schema.name)
      if (definition?.kind === 'record') return filled(schema.name, (given ?? {}) as Record<string, unknown>)
      return given ?? Buffer.alloc(definition?.kind === 'fixed' ? definition.size : 0)
    }
    case 'primitive':
      return given ?? ZERO[schema.type]
  }
}

const ZERO = {
  null: null,
  boolean: false,
  int: 0,
  long: 0,
  float: 0,
  double: 0,
  bytes: Buffer.alloc(0),
  string: '',
} as const
