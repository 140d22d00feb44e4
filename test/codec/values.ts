/** Arbitrary values of a schema. */
import fc from 'fast-check'

import type { RecordSchema, Schema } from '../../src/codec/avro/schema.ts'

/** Code points of every width; no lone surrogates. */
const text: fc.Arbitrary<string> = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 90 }))

/** As JSON.parse gives it back: without −0. */
const json: fc.Arbitrary<unknown> = fc
  .jsonValue({ maxDepth: 4 })
  .map((value) => JSON.stringify(value))
  .filter((written) => !written.includes('__proto__'))
  .map((written) => JSON.parse(written) as unknown)

const LONG: fc.Arbitrary<number> = fc.oneof(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), fc.integer())

export function valueOf(schema: Schema, long: fc.Arbitrary<number> = LONG): fc.Arbitrary<unknown> {
  switch (schema.kind) {
    case 'boolean':
      return fc.boolean()
    case 'int':
      return fc.integer()
    case 'long':
      return long
    case 'double':
      // JSON has no −0.
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
    case 'string':
      return schema.logical === 'json' ? json.filter((value) => value !== null) : text
    case 'bytes':
      return fc.uint8Array({ maxLength: 300 })
    case 'fixed':
      return fc.uint8Array({ minLength: schema.size, maxLength: schema.size })
    case 'nullable':
      return fc.option(valueOf(schema.of, long))
    case 'array':
      return fc.array(valueOf(schema.items, long), { maxLength: 5 })
    case 'map': {
      const key = text.filter((one) => one !== '__proto__')
      return fc.dictionary(key, valueOf(schema.values, long), { maxKeys: 4, noNullPrototype: true })
    }
    case 'record':
      return recordOf(schema, long)
  }
}

export function recordOf(
  schema: RecordSchema,
  long: fc.Arbitrary<number> = LONG,
): fc.Arbitrary<Record<string, unknown>> {
  const members = Object.fromEntries(schema.fields.map((field) => [field.name, valueOf(field.schema, long)]))
  return fc.record(members, { noNullPrototype: true }) as fc.Arbitrary<Record<string, unknown>>
}
