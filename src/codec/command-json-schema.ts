/** The JSON Schema of commands, generated from the Avro schemas: for editors, and for who validates before sending. */
import type { Json, JsonObject } from '../core/json.ts'
import type { Field, RecordSchema, Schema } from './avro/schema.ts'
import { COMMAND_TYPES, IF_EXISTS } from './command-members.ts'
import { MAX_LONG } from './limits.ts'
import { storedSchema } from './schema-store.ts'

/** Avro has these as texts, because an enum can't grow; JSON Schema may name what there is today. */
const CLOSED: Readonly<Record<string, readonly string[]>> = {
  ifExists: IF_EXISTS,
  coalesce: ['latest', 'earliest', 'all'],
  overlap: ['skip', 'queue', 'cancel-running'],
  delivery: ['at-least-once', 'at-most-once'],
}

/** JSON Schema 2020-12 of any one command. */
export function commandJsonSchema(): JsonObject {
  const definitions: Record<string, Json> = {}
  const commands = COMMAND_TYPES.map((type) => {
    const { doc, fields } = storedSchema(type).schema
    const described = membersSchema(
      fields.filter((field) => field.name !== 'unset'),
      definitions,
    )
    return {
      title: type,
      description: doc,
      ...described,
      properties: { type: { const: type }, ...(described['properties'] as JsonObject) },
      required: ['type', ...(described['required'] as readonly string[])],
    }
  })
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A command of Horolog',
    oneOf: commands,
    $defs: definitions,
  }
}

function membersSchema(fields: readonly Field[], definitions: Record<string, Json>): JsonObject {
  const properties: Record<string, Json> = {}
  for (const field of fields) {
    if (field.name === 'payload') {
      properties['payload'] = { description: `${field.doc} Any JSON value; its text is what is given.` }
      properties['payloadBase64'] = { type: ['string', 'null'], contentEncoding: 'base64', description: field.doc }
    } else properties[field.name] = { ...memberSchema(field, definitions), description: field.doc }
  }
  const required = fields.filter((field) => field.schema.kind !== 'nullable').map((field) => field.name)
  return { type: 'object', properties, required, additionalProperties: false }
}

function memberSchema(field: Field, definitions: Record<string, Json>): JsonObject {
  const values = CLOSED[field.name]
  if (values !== undefined) return { enum: [...values, null] }
  return valueSchema(field.schema, definitions)
}

function valueSchema(schema: Schema, definitions: Record<string, Json>): JsonObject {
  switch (schema.kind) {
    case 'boolean':
      return { type: 'boolean' }
    case 'int':
      return { type: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 }
    case 'long':
      if (schema.logical === 'timestamp-millis') return { type: 'string', format: 'date-time' }
      return { type: 'integer', minimum: -MAX_LONG, maximum: MAX_LONG }
    case 'double':
      return { type: 'number' }
    case 'string':
      return schema.logical === 'json' ? {} : { type: 'string' }
    case 'bytes':
      return { type: 'string', contentEncoding: 'base64' }
    case 'fixed':
      return { type: 'string', pattern: `^[0-9a-fA-F]{${schema.size * 2}}$` }
    case 'nullable': {
      const of = valueSchema(schema.of, definitions)
      return Object.keys(of).length === 0 ? {} : { anyOf: [of, { type: 'null' }] }
    }
    case 'array':
      return { type: 'array', items: valueSchema(schema.items, definitions) }
    case 'map':
      return { type: 'object', additionalProperties: valueSchema(schema.values, definitions) }
    case 'record':
      return { $ref: `#/$defs/${defined(schema, definitions)}` }
  }
}

function defined(schema: RecordSchema, definitions: Record<string, Json>): string {
  const name = schema.name.slice(schema.name.lastIndexOf('.') + 1)
  definitions[name] ??= { description: schema.doc, ...membersSchema(schema.fields, definitions) }
  return name
}
