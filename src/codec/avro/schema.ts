/**
 * Avro schemas as this project writes them, parsed and resolved into trees. A subset on purpose: the only union is
 * `["null", T]`, records don't contain themselves, and no array or map item is of zero width. Whatever else a schema
 * file says is refused here, so everything behind it may rely on the subset.
 */
export type Schema =
  | { readonly kind: 'boolean' | 'int' | 'double' | 'bytes' }
  | { readonly kind: 'long'; readonly logical: 'timestamp-millis' | null }
  | { readonly kind: 'string'; readonly logical: 'json' | null }
  | FixedSchema
  | { readonly kind: 'nullable'; readonly of: Schema }
  | { readonly kind: 'array'; readonly items: Schema }
  | { readonly kind: 'map'; readonly values: Schema }
  | RecordSchema

export interface FixedSchema {
  readonly kind: 'fixed'
  /** Full name. */
  readonly name: string
  readonly size: number
  readonly doc: string
}

export interface RecordSchema {
  readonly kind: 'record'
  /** Full name. */
  readonly name: string
  readonly doc: string
  readonly fields: readonly Field[]
}

export interface Field {
  readonly name: string
  readonly doc: string
  readonly schema: Schema
}

export type NamedSchema = FixedSchema | RecordSchema

/** Finds a named type; called while another one is being parsed. */
export type Resolve = (fullName: string) => NamedSchema

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

export function parseNamed(json: unknown, resolve: Resolve): NamedSchema {
  const source = object(json, 'schema')
  const name = `${text(source, 'namespace')}.${validName(text(source, 'name'))}`
  const doc = text(source, 'doc')
  if (source['type'] === 'fixed') {
    const size = source['size']
    if (typeof size !== 'number' || !Number.isInteger(size) || size < 1)
      throw new Error(`${name}: size must be positive`)
    return Object.freeze({ kind: 'fixed', name, size, doc })
  }
  if (source['type'] !== 'record') throw new Error(`${name}: expected a record or a fixed`)
  const fields = source['fields']
  if (!Array.isArray(fields) || fields.length === 0) throw new Error(`${name}: a record needs fields`)
  return Object.freeze({
    kind: 'record',
    name,
    doc,
    fields: Object.freeze(fields.map((one) => parseField(name, one, resolve))),
  })
}

function parseField(record: string, json: unknown, resolve: Resolve): Field {
  const source = object(json, `${record}: field`)
  const name = validName(text(source, 'name'))
  const schema = parseType(source['type'], `${record}.${name}`, resolve)
  if (schema.kind === 'nullable' && source['default'] !== null)
    throw new Error(`${record}.${name}: default must be null`)
  return Object.freeze({ name, doc: text(source, 'doc'), schema })
}

function parseType(json: unknown, path: string, resolve: Resolve): Schema {
  if (typeof json === 'string') return primitive(json, null) ?? resolve(json)
  if (Array.isArray(json)) {
    if (json.length !== 2 || json[0] !== 'null') throw new Error(`${path}: the only union is ["null", T]`)
    const of = parseType(json[1], path, resolve)
    if (of.kind === 'nullable') throw new Error(`${path}: a union in a union`)
    return Object.freeze({ kind: 'nullable', of })
  }
  const source = object(json, path)
  switch (source['type']) {
    case 'array':
      return Object.freeze({ kind: 'array', items: parseType(source['items'], `${path}[]`, resolve) })
    case 'map':
      return Object.freeze({ kind: 'map', values: parseType(source['values'], `${path}{}`, resolve) })
    default: {
      const found = primitive(source['type'], source['logicalType'] ?? null)
      if (found === null) throw new Error(`${path}: unsupported type ${JSON.stringify(source['type'])}`)
      return found
    }
  }
}

function primitive(type: unknown, logical: unknown): Schema | null {
  switch (type) {
    case 'boolean':
    case 'int':
    case 'double':
    case 'bytes':
      return logical === null ? { kind: type } : null
    case 'long':
      return logical === null || logical === 'timestamp-millis' ? { kind: 'long', logical } : null
    case 'string':
      return logical === null || logical === 'json' ? { kind: 'string', logical } : null
    default:
      return null
  }
}

/** The fewest bytes that a value takes. At least 1 for every type of the subset: so a count is bounded by the bytes left. */
export function minWidth(schema: Schema): number {
  switch (schema.kind) {
    case 'double':
      return 8
    case 'fixed':
      return schema.size
    case 'record':
      return schema.fields.reduce((sum, field) => sum + minWidth(field.schema), 0)
    default:
      return 1
  }
}

function object(json: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error(`${what}: expected an object`)
  return json as Readonly<Record<string, unknown>>
}

function text(source: Readonly<Record<string, unknown>>, member: string): string {
  const value = source[member]
  if (typeof value !== 'string' || value === '') {
    throw new Error(`${String(source['name'])}: ${member} is missing`)
  }
  return value
}

function validName(name: string): string {
  if (!NAME.test(name)) throw new Error(`${JSON.stringify(name)} is not a name`)
  return name
}
