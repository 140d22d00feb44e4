import { existsSync, readdirSync, readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import { fingerprint } from '../../src/codec/avro/fingerprint.ts'
import { minWidth, parseNamed, type Schema } from '../../src/codec/avro/schema.ts'
import { COMMAND_TYPES } from '../../src/codec/command-members.ts'
import { loadSchemas, NAMESPACE, schemaStore } from '../../src/codec/schema-store.ts'
import { EVENT_TYPES } from '../../src/core/events.ts'
import { canonicalForm } from './canonical-form.ts'
import { incompatibilities } from './compatibility.ts'
import { schemaFiles } from './schema-files.ts'

const RELEASED = new URL('../golden/schemas/', import.meta.url)
const CURRENT = new URL('../../schemas/', import.meta.url)
const records = [...schemaStore().byName.values()]
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function fieldsOf(json: Readonly<Record<string, unknown>>): readonly Readonly<Record<string, unknown>>[] {
  return (json['fields'] ?? []) as readonly Readonly<Record<string, unknown>>[]
}

describe('schemas', () => {
  test('every command, event and row has one, and every file holds what its name says', () => {
    const names = new Set(schemaFiles().map((file) => file.name))
    for (const name of [...EVENT_TYPES, ...COMMAND_TYPES, 'Report', 'JobRow', 'RunRow', 'CommandIdRow', 'Cursor']) {
      expect(names).toContain(name)
    }
    for (const { name, json } of schemaFiles()) expect([json['name'], json['namespace']]).toEqual([name, NAMESPACE])
  })

  test('every type and every field says what it is', () => {
    const silent = schemaFiles().flatMap(({ name, json }) =>
      [json, ...fieldsOf(json)]
        .filter((one) => !/\w.*\.$/.test(String(one['doc'])))
        .map((one) => `${name}: ${String(one['name'])}`),
    )
    expect(silent).toEqual([])
  })

  test('what may be null says what null means, and defaults to it', () => {
    const wrong = schemaFiles().flatMap(({ name, json }) =>
      fieldsOf(json)
        .filter((field) => Array.isArray(field['type']))
        .filter((field) => field['default'] !== null || !String(field['doc']).includes('null'))
        .map((field) => `${name}.${String(field['name'])}`),
    )
    expect(wrong).toEqual([])
  })

  test('every event begins with epoch, seq, index and time, so that its place can be read without its schema', () => {
    for (const type of EVENT_TYPES) {
      const first = schemaStore().byName.get(type)?.schema.fields.slice(0, 4) ?? []
      expect(first.map((field) => [field.name, field.schema.kind])).toEqual([
        ['epoch', 'long'],
        ['seq', 'long'],
        ['index', 'int'],
        ['time', 'long'],
      ])
    }
  })

  test('no item of an array or map takes no bytes: a count is bounded by the bytes that follow', () => {
    const visit = (schema: Schema): void => {
      if (schema.kind === 'record') for (const field of schema.fields) visit(field.schema)
      if (schema.kind === 'nullable') visit(schema.of)
      const items = schema.kind === 'array' ? schema.items : schema.kind === 'map' ? schema.values : null
      if (items === null) return
      expect(minWidth(items)).toBeGreaterThan(0)
      visit(items)
    }
    for (const one of records) visit(one.schema)
  })

  test('a schema outside of the subset is refused', () => {
    const resolve = (): never => {
      throw new Error('none')
    }
    const record = (type: unknown, more: object = {}): unknown => ({
      type: 'record',
      name: 'A',
      namespace: NAMESPACE,
      doc: 'A.',
      fields: [{ name: 'a', type, doc: 'A.', ...more }],
    })
    for (const type of [
      'null',
      'float',
      ['string', 'null'],
      ['null', 'string', 'int'],
      { type: 'enum', symbols: ['A'] },
    ]) {
      expect(() => parseNamed(record(type), resolve)).toThrow(/union|unsupported|none/)
    }
    expect(() => parseNamed(record({ type: 'array', items: 'null' }), resolve)).toThrow('none')
    expect(() => parseNamed(record(['null', 'string']), resolve)).toThrow(/default/)
    expect(() => parseNamed({ ...(record('int') as object), fields: [] }, resolve)).toThrow(/fields/)
    expect(() => parseNamed({ ...(record('int') as object), doc: '' }, resolve)).toThrow(/doc/)
  })
})

describe('fingerprints', () => {
  test('are those of the Avro specification', () => {
    const known = {
      '"null"': '63dd24e7cc258f8a',
      '"boolean"': '9f42fc78a4d4f764',
      '"int"': '7275d51a3f395c8f',
      '"long"': 'd054e14493f41db7',
      '"double"': '8e7535c032ab957e',
      '"bytes"': '4fc016dac3201965',
      '"string"': '8f014872634503c7',
    }
    const ours = Object.keys(known).map((canonical) => [canonical, hex(fingerprint(canonical).toReversed())])
    expect(Object.fromEntries(ours)).toEqual(known)
  })

  test('are of the canonical form that the specification demands, whatever the library gives', () => {
    for (const one of records) expect(one.canonical).toBe(canonicalForm(one.schema))
  })

  test('are what they were', () => {
    const golden = JSON.parse(readFileSync(new URL('../golden/fingerprints.json', import.meta.url), 'utf8')) as object
    expect(Object.fromEntries(records.map((one) => [one.name, hex(one.fingerprint)]))).toEqual(golden)
  })
})

describe('evolution', () => {
  const released = existsSync(RELEASED) ? readdirSync(RELEASED) : []

  test('what was released can be read by this version, and the other way round', () => {
    for (const version of released) {
      const found = incompatibilities(loadSchemas(new URL(`${version}/`, RELEASED)), loadSchemas(CURRENT))
      expect({ version, found }).toEqual({ version, found: [] })
    }
  })

  test('an added field must be nullable; nothing may go, change its type or move', () => {
    const now = loadSchemas(CURRENT)
    expect(incompatibilities(now, now)).toEqual([])
    const changed = (change: (fields: Record<string, unknown>[]) => unknown): readonly string[] => {
      const file = schemaFiles().find((one) => one.name === 'Mark')
      const fields = structuredClone(file?.json['fields']) as Record<string, unknown>[]
      const parsed = parseNamed({ ...file?.json, fields: change(fields) }, () => {
        throw new Error('none')
      })
      return incompatibilities(now, new Map([...now, [`${NAMESPACE}.Mark`, parsed]]))
    }
    const optional = { name: 'x', type: ['null', 'int'], default: null, doc: 'X.' }
    expect(changed((fields) => [...fields, optional])).toEqual([])
    expect(changed((fields) => [optional, ...fields])).toEqual([])
    expect(changed((fields) => [...fields, { ...optional, type: 'int' }])).toEqual([
      'Mark.x: an added field must be nullable',
    ])
    expect(changed((fields) => fields.slice(1))).toEqual(['Mark.epoch: is gone'])
    expect(changed((fields) => fields.toReversed())).toEqual(['Mark: the fields are in another order'])
    expect(changed((fields) => [{ ...fields[0], type: 'string' }, fields[1]])).toEqual(['Mark.epoch: has another type'])
    expect(incompatibilities(now, new Map())).toContain('Mark: is gone')
  })
})
