import { describe, expect, test } from 'vitest'

import { eventToJson } from '../../src/codec/event-json.ts'
import { isJson } from '../../src/codec/json-write.ts'
import { COMMANDS, EVENTS } from '../golden/samples.ts'
import { commandJsonSchema } from '../../src/codec/command-json-schema.ts'

describe('events as JSON', () => {
  test('have the type first, instants as RFC 3339, results as they are, and nothing for what is absent', () => {
    const json = eventToJson(EVENTS.RunSucceeded)
    expect(Object.keys(json)[0]).toBe('type')
    expect(json).toEqual({
      type: 'RunSucceeded',
      epoch: 3,
      seq: 300,
      index: 7,
      time: '2027-01-01T09:00:00.012Z',
      jobId: 'daily:report',
      runId: 'daily:report/3-12-0/20270101T090000.000Z',
      attempt: 2,
      scheduledAt: '2027-01-01T09:00:00.000Z',
      startedAt: '2027-01-01T09:00:00.003Z',
      executor: 'host:4711:00112233445566778899aabbccddeeff',
      result: { sent: 3, to: ['Zoë'] },
    })
    expect(eventToJson(EVENTS.RunLost)).not.toHaveProperty('startedAt')
  })

  test('have ids and hashes as hex', () => {
    expect(eventToJson(EVENTS.BatchCommitted)).toMatchObject({
      owner: 'a1'.repeat(16),
      prev: 'cc'.repeat(32),
      dispatchedThrough: { epoch: 3, seq: 298 },
    })
  })

  test('have a payload as JSON if it says to be and is, else as base64', () => {
    expect(eventToJson(EVENTS.JobAdded)['definition']).toMatchObject({ payload: { to: 'Zoë' } })
    expect(eventToJson(EVENTS.RunQueued)).toMatchObject({ payloadBase64: 'eA==', contentType: 'text/plain' })
    const broken = { ...EVENTS.RunQueued, contentType: 'application/json' }
    expect(eventToJson(broken)).toMatchObject({ payloadBase64: 'eA==' })
    const nothing = eventToJson({ ...EVENTS.RunQueued, payload: new Uint8Array(0) })
    expect(Object.keys(nothing).filter((name) => name.startsWith('payload'))).toEqual([])
  })

  test('of every type can be written as text', () => {
    for (const event of Object.values(EVENTS))
      expect(JSON.parse(JSON.stringify(eventToJson(event)))).toEqual(eventToJson(event))
  })

  test('show an instant that is none as the number that it is', () => {
    expect(eventToJson({ ...EVENTS.RunStarted, startedAt: 9e15 })).toMatchObject({ startedAt: 9e15 })
  })

  test('know JSON by its media type', () => {
    const yes = ['application/json', 'APPLICATION/JSON; charset=utf-8', 'application/problem+json', 'text/json']
    const no = ['text/plain', 'application/jsonl', 'application/json-seq', 'json', '']
    expect([...yes, ...no].filter(isJson)).toEqual(yes)
  })
})

describe('the JSON Schema of commands', () => {
  const schema = commandJsonSchema() as unknown as {
    readonly oneOf: readonly {
      readonly title: string
      readonly required: readonly string[]
      readonly additionalProperties: boolean
      readonly properties: Readonly<Record<string, { readonly description?: string }>>
    }[]
    readonly $defs: Readonly<Record<string, { readonly properties: Readonly<Record<string, unknown>> }>>
  }

  test('has one form for each command, closed, with every member described', () => {
    expect(schema.oneOf.map((one) => one.title)).toEqual(Object.keys(COMMANDS))
    for (const one of schema.oneOf) {
      const { type, ...rest } = one.properties
      expect(type).toEqual({ const: one.title })
      expect(one.additionalProperties).toBe(false)
      expect(Object.values(rest).filter((member) => !member.description)).toEqual([])
    }
  })

  test('knows the job with its payload in both forms and its closed sets', () => {
    const job = schema.$defs['JobInput']?.properties ?? {}
    expect(job['coalesce']).toMatchObject({ enum: ['latest', 'earliest', 'all', null] })
    expect(job['payloadBase64']).toMatchObject({ contentEncoding: 'base64' })
    expect(job['nextFireTime']).toMatchObject({ anyOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }] })
    expect(job['retry']).toMatchObject({ anyOf: [{ $ref: '#/$defs/RetryInput' }, { type: 'null' }] })
    expect(schema.oneOf[0]?.required).toEqual(['type', 'job'])
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema)
  })
})
