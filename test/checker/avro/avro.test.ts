// The checker's own Avro, against the specification's numbers and against another library.
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { avscTypes } from '../plant/avsc-types.ts'
import { encode } from '../plant/history.ts'
import { definition, times } from '../plant/story.ts'
import { DecodeError, SingleObjectDecoder } from './decode.ts'
import { canonicalForm, fingerprintOf, readSchemaFiles } from './schema-files.ts'

const schemas = fileURLToPath(new URL('../../../schemas', import.meta.url))
const files = readSchemaFiles(schemas)
const decoder = new SingleObjectDecoder(files)
const headerOf = (type: string): Buffer => encode(type, {}).subarray(0, 10)

describe('fingerprints', () => {
  test.each([
    ['"null"', 0x63dd24e7cc258f8an],
    ['"int"', 0x7275d51a3f395c8fn],
    ['"string"', 0x8f014872634503c7n],
  ])('the one of %s is known', (canonical, fingerprint) => {
    expect(fingerprintOf(canonical)).toBe(fingerprint)
  })

  test('another library has the same canonical form of every schema', () => {
    const theirs = avscTypes(schemas)
    const ours = [...theirs.keys()].map((name) => canonicalForm(`io.horolog.v1.${name}`, files.named))
    expect(ours).toEqual([...theirs.values()].map((type) => JSON.stringify(type.schema())))
  })
})

describe('decoding', () => {
  test('gives back what another library encoded', () => {
    const fields = {
      ...{ epoch: 3, seq: 2 ** 40, index: 5, time: 1_800_000_000_000, jobId: 'täglich', version: 7, anchor: -5 },
      definition: definition({ labels: { a: '1', b: '' }, payload: Buffer.from('x'), retry: { multiplier: 1.5 } }),
    }
    const { type, value } = decoder.decode(encode('JobModified', fields))
    expect(type).toBe('JobModified')
    expect(value).toMatchObject({ epoch: 3, seq: 2 ** 40, jobId: 'täglich', anchor: -5, nextFireTime: null })
    const decoded = value['definition'] as Record<string, unknown>
    expect(decoded['labels']).toEqual(
      new Map([
        ['a', '1'],
        ['b', ''],
      ]),
    )
    expect(decoded['payload']).toEqual(Buffer.from('x'))
    expect(decoded['retry']).toMatchObject({ multiplier: 1.5, nonRetryable: [] })
  })

  test('gives back the times of a union and of an array', () => {
    const coalesced = times(1, 2, 3)
    expect(decoder.decode(encode('RunQueued', { coalesced })).value).toMatchObject({ coalesced })
  })

  test('refuses an array that counts more items than there are bytes', () => {
    const body = encode('RunMissed', { jobId: 'j', times: times(1) })
    const at = body.length - 5
    // One item: 02, the item 02, the end 00, and the null of nextFireTime.
    expect([...body.subarray(at + 1)]).toEqual([2, 2, 0, 0])
    const bomb = Buffer.concat([body.subarray(0, at + 1), Buffer.of(0xfe, 0xff, 0xff, 0xff, 0x0f)])
    expect(() => decoder.decode(bomb)).toThrow(/items in fewer bytes/)
  })

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['another encoding', Buffer.from('{"type":"JobAdded"}')],
    ['a schema that nobody has', Buffer.concat([Buffer.of(0xc3, 1), Buffer.alloc(8, 1)])],
    ['a body that ends too soon', headerOf('JobAdded')],
    ['a branch that the union has not', Buffer.concat([headerOf('CommandApplied'), Buffer.of(0, 0, 0, 0, 4)])],
    ['a length below zero', Buffer.concat([headerOf('JobFinished'), Buffer.of(0, 0, 0, 0, 1)])],
    ['a number of eleven bytes', Buffer.concat([headerOf('JobFinished'), Buffer.alloc(11, 0xff)])],
    ['a number over 2^52', Buffer.concat([headerOf('JobFinished'), Buffer.alloc(9, 0xff), Buffer.of(1)])],
    ['bytes after the value', Buffer.concat([encode('JobFinished', { jobId: 'j' }), Buffer.of(0)])],
  ])('refuses %s', (_, bytes) => {
    expect(() => decoder.decode(bytes)).toThrow(DecodeError)
  })
})
