/**
 * What a later set of schemas does that an earlier one forbids. FULL_TRANSITIVE in the narrow form of this project: fields
 * are only added, and nullable; so an old reader skips them and a new one finds null.
 */
import type { NamedSchema, Schema } from '../../src/codec/avro/schema.ts'
import { canonicalForm } from './canonical-form.ts'

type Types = ReadonlyMap<string, NamedSchema>

export function incompatibilities(earlier: Types, later: Types): readonly string[] {
  const found: string[] = []
  for (const [fullName, old] of earlier) {
    const name = fullName.slice(fullName.lastIndexOf('.') + 1)
    const now = later.get(fullName)
    if (now === undefined) found.push(`${name}: is gone`)
    else if (old.kind === 'record' && now.kind === 'record') {
      const oldNames = old.fields.map((field) => field.name)
      const kept = now.fields.filter((field) => oldNames.includes(field.name))
      for (const field of old.fields) {
        const same = kept.find((one) => one.name === field.name)
        if (same === undefined) found.push(`${name}.${field.name}: is gone`)
        else if (shape(same.schema) !== shape(field.schema)) found.push(`${name}.${field.name}: has another type`)
      }
      for (const field of now.fields) {
        if (oldNames.includes(field.name) || field.schema.kind === 'nullable') continue
        found.push(`${name}.${field.name}: an added field must be nullable`)
      }
      if (kept.length === oldNames.length && kept.some((field, index) => field.name !== oldNames[index])) {
        found.push(`${name}: the fields are in another order`)
      }
    } else if (canonicalForm(old) !== canonicalForm(now)) found.push(`${name}: is another type`)
  }
  return found
}

/** A type by itself: other named types by their name, for they are compared on their own. */
function shape(schema: Schema): string {
  switch (schema.kind) {
    case 'record':
    case 'fixed':
      return schema.name
    case 'nullable':
      return `nullable ${shape(schema.of)}`
    case 'array':
      return `array of ${shape(schema.items)}`
    case 'map':
      return `map of ${shape(schema.values)}`
    default:
      return 'logical' in schema ? `${schema.kind} ${String(schema.logical)}` : schema.kind
  }
}
