/** The Parsing Canonical Form by the Avro specification, written for the tests: that of the library is compared with it. */
import type { Schema } from '../../src/codec/avro/schema.ts'

/** References are written out where they first occur. */
export function canonicalForm(schema: Schema, seen: Set<string> = new Set()): string {
  switch (schema.kind) {
    case 'boolean':
    case 'int':
    case 'long':
    case 'double':
    case 'bytes':
    case 'string':
      return `"${schema.kind}"`
    case 'nullable':
      return `["null",${canonicalForm(schema.of, seen)}]`
    case 'array':
      return `{"type":"array","items":${canonicalForm(schema.items, seen)}}`
    case 'map':
      return `{"type":"map","values":${canonicalForm(schema.values, seen)}}`
    case 'fixed': {
      if (seen.has(schema.name)) return `"${schema.name}"`
      seen.add(schema.name)
      return `{"name":"${schema.name}","type":"fixed","size":${schema.size}}`
    }
    case 'record': {
      if (seen.has(schema.name)) return `"${schema.name}"`
      seen.add(schema.name)
      const fields = schema.fields.map(
        (field) => `{"name":"${field.name}","type":${canonicalForm(field.schema, seen)}}`,
      )
      return `{"name":"${schema.name}","type":"record","fields":[${fields.join(',')}]}`
    }
  }
}
