import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { decodeCommand, encodeCommand } from '../../src/codec/command-avro.ts'
import { commandFromJson, commandToJson } from '../../src/codec/command-json.ts'
import { COMMAND_TYPES } from '../../src/codec/command-members.ts'
import { DecodeError } from '../../src/codec/decode-error.ts'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import { parseJson } from '../../src/codec/json-text.ts'
import { storedSchema } from '../../src/codec/schema-store.ts'
import type { Command } from '../../src/core/commands.ts'
import type { Json } from '../../src/core/json.ts'
import { COMMANDS, EVENTS } from '../golden/samples.ts'
import { SOURCE, utf8 } from './sources.ts'
import { recordOf } from './values.ts'

const samples: readonly Command[] = Object.values(COMMANDS)
const overJson = (command: Command): Command =>
  commandFromJson(parseJson(JSON.stringify(commandToJson(command)), ''), SOURCE)
const fromJson = (json: Json): Command => commandFromJson(parseJson(JSON.stringify(json), ''), SOURCE)

/** The rejection that reading ends with. */
function refusal(read: () => unknown): {
  readonly code: string
  readonly reason: string
  readonly path: string | null
} {
  try {
    read()
  } catch (error) {
    if (error instanceof DecodeError) return error.rejection
    throw error
  }
  throw new Error('it was read')
}

/** What a client may send: any values that the schema allows, within what the form of commands demands. */
function commandOf(type: Command['type']): fc.Arbitrary<Command> {
  const id = fc.stringMatching(/^[A-Za-z0-9._:@-]{1,20}$/)
  return fc
    .tuple(recordOf(storedSchema(type).schema, fc.integer({ min: 0, max: 253_402_300_799_999 })), id, fc.boolean())
    .map(([members, jobId, given]) => {
      const { unset: _unset, job, ...rest } = members
      const envelope = { commandId: given ? 'c-1' : SOURCE.place, commandGiven: given, commandOffset: SOURCE.offset }
      const command: Record<string, unknown> = { ...rest, type, ...envelope, actor: 'anna' }
      if ('jobId' in members || type === 'AddJob') command['jobId'] = jobId
      if (type === 'AddJob') command['ifExists'] = 'keep'
      if (type === 'BackfillJob') command['dryRun'] = true
      if (job !== undefined) command['job'] = compact(job as Record<string, unknown>)
      return command as unknown as Command
    })
}

/** Without the id, which stands beside the job, and without nulls, which say the same as nothing. */
function compact(job: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(job).filter(([name, value]) => name !== 'id' && value !== null))
}

/** Null and absent mean the same in the nested parts of a job. */
function normal(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(normal)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => (one === null && key !== 'job' ? [] : [[key, normal(one)]])),
  )
}

describe('commands', () => {
  test('come back as they were from Avro and from JSON, of every type', () => {
    for (const type of COMMAND_TYPES) {
      fc.assert(
        fc.property(commandOf(type), (command) => {
          expect(normal(decodeCommand(encodeCommand(command), SOURCE))).toEqual(normal(command))
          expect(normal(overJson(command))).toEqual(normal(command))
        }),
        { numRuns: 25 },
      )
    }
  })

  test('keep in both forms what a partial update sets back and what it leaves alone', () => {
    const modify: Command = { ...COMMANDS.ModifyJob, job: { timeoutMs: null, payload: null, labels: {}, retry: null } }
    for (const back of [overJson(modify), decodeCommand(encodeCommand(modify), SOURCE)]) expect(back).toEqual(modify)
  })

  test('take from the record around them what they leave out', () => {
    const source = { ...SOURCE, commandId: 'h-1', actor: 'bert', jobId: 'from-key' }
    const remove = {
      type: 'RemoveJob',
      jobId: 'from-key',
      commandId: 'h-1',
      commandGiven: true,
      actor: 'bert',
      commandOffset: 78,
    }
    expect(commandFromJson({ type: 'RemoveJob' }, source)).toEqual(remove)
    expect(commandFromJson({ type: 'RemoveJob', jobId: 'own', commandId: 'c', actor: 'anna' }, source)).toEqual({
      ...remove,
      jobId: 'own',
      commandId: 'c',
      actor: 'anna',
    })
    expect(fromJson({ type: 'ResumeSchedule' })).toEqual({
      type: 'ResumeSchedule',
      commandId: 'commands/4/78',
      commandGiven: false,
      actor: null,
      commandOffset: 78,
    })
    expect(fromJson({ type: 'AddJob', job: { task: 't' } })).toMatchObject({
      jobId: 'commands_4_78',
      ifExists: 'replace',
    })
    expect(fromJson({ type: 'AddJob', commandId: 'ä b/c', job: {} })).toMatchObject({ jobId: '__b_c' })
  })

  test('that nobody named do not get a name on the way', () => {
    const unnamed: Command = { ...COMMANDS.PauseJob, commandId: 'commands/4/78', commandGiven: false }
    expect(commandToJson(unnamed)).not.toHaveProperty('commandId')
    expect(decodeCommand(encodeCommand(unnamed), { ...SOURCE, place: 'commands/0/0' }).commandId).toBe('commands/0/0')
  })

  test('in JSON are plain: type first, instants RFC 3339, payloads as JSON where that is exact', () => {
    expect(commandToJson(COMMANDS.BackfillJob)).toEqual({
      type: 'BackfillJob',
      commandId: 'c-1',
      actor: 'anna',
      jobId: 'daily:report',
      from: '2026-12-31T09:00:00.000Z',
      to: '2027-01-01T09:00:00.000Z',
      dryRun: true,
    })
    expect(commandToJson(COMMANDS.AddJob)).toMatchObject({
      type: 'AddJob',
      job: { id: 'daily:report', payload: { to: 'Zoë' } },
    })
    expect(Object.keys(commandToJson(COMMANDS.AddJob))[0]).toBe('type')
    // A space more than JSON.stringify writes: only base64 gives these bytes back.
    expect(commandToJson(COMMANDS.RunJob)).toMatchObject({ payloadBase64: 'WzEsIDJd' })
    for (const command of samples) expect(overJson(command)).toEqual(command)
  })

  test('in JSON may give the payload as a value or as bytes', () => {
    const payload = (job: Json): Json => {
      const command = fromJson({ type: 'AddJob', job })
      const bytes = command.type === 'AddJob' ? command.job.payload : undefined
      return bytes ? Buffer.from(bytes).toString('utf8') : null
    }
    expect(payload({ payload: { b: [1, 'é'] } })).toBe('{"b":[1,"é"]}')
    expect(payload({ payload: 'text' })).toBe('"text"')
    expect(payload({ payload: false })).toBe('false')
    expect(payload({ payloadBase64: 'aGk=', contentType: 'text/plain' })).toBe('hi')
    expect(payload({ payload: null })).toBeNull()
    expect(payload({})).toBeNull()
  })

  const REFUSED: readonly (readonly [name: string, json: Json, code: string, path: string | null])[] = [
    ['no type', {}, 'unsupported-type', 'type'],
    ['another type', { type: 'DropTable' }, 'unsupported-type', 'type'],
    ['the name of an event', { type: 'JobAdded' }, 'unsupported-type', 'type'],
    ['a name of every object', { type: 'constructor' }, 'unsupported-type', 'type'],
    ['an unknown member', { type: 'RemoveJob', jobId: 'a', force: true }, 'malformed', 'force'],
    [
      'an unknown member of the job',
      { type: 'AddJob', job: { task: 't', prioritty: 1 } },
      'malformed',
      'job.prioritty',
    ],
    ['an unknown member deeper down', { type: 'AddJob', job: { retry: { tries: 1 } } }, 'malformed', 'job.retry.tries'],
    ['what only Avro needs', { type: 'ModifyJob', jobId: 'a', job: {}, unset: [] }, 'malformed', 'unset'],
    ['no job', { type: 'AddJob' }, 'malformed', 'job'],
    ['a text for a job', { type: 'AddJob', job: 'a' }, 'malformed', 'job'],
    ['an array for a job', { type: 'AddJob', job: [] }, 'malformed', 'job'],
    ['a fraction', { type: 'AddJob', job: { maxInstances: 1.5 } }, 'malformed', 'job.maxInstances'],
    ['a number as text', { type: 'AddJob', job: { timeoutMs: '5' } }, 'malformed', 'job.timeoutMs'],
    ['a number beyond 2^53', { type: 'AddJob', job: { timeoutMs: 2 ** 53 } }, 'malformed', 'job.timeoutMs'],
    ['a label that is no text', { type: 'AddJob', job: { labels: { a: 1 } } }, 'malformed', 'job.labels.a'],
    [
      'an error name that is no text',
      { type: 'AddJob', job: { retry: { nonRetryable: ['X', 1] } } },
      'malformed',
      'job.retry.nonRetryable[1]',
    ],
    ['base64 that is none', { type: 'RunJob', jobId: 'a', payloadBase64: 'a$==' }, 'malformed', 'payloadBase64'],
    ['both payloads', { type: 'AddJob', job: { payload: 1, payloadBase64: 'aGk=' } }, 'malformed', 'job.payloadBase64'],
    ['an instant as a number', { type: 'PauseJob', jobId: 'a', until: 5 }, 'malformed', 'until'],
    [
      'a local time as an instant',
      { type: 'PauseJob', jobId: 'a', until: '2027-01-01T09:00:00' },
      'malformed',
      'until',
    ],
    [
      'a day that does not exist',
      { type: 'PauseJob', jobId: 'a', until: '2027-02-29T09:00:00Z' },
      'malformed',
      'until',
    ],
    ['another ifExists', { type: 'AddJob', ifExists: 'merge', job: {} }, 'invalid-option', 'ifExists'],
    ['no job id', { type: 'PauseJob' }, 'invalid-id', 'jobId'],
    ['a job id that is too long', { type: 'AddJob', job: { id: 'x'.repeat(201) } }, 'invalid-id', 'job.id'],
    ['two job ids', { type: 'ModifyJob', jobId: 'a', job: { id: 'b' } }, 'malformed', 'job.id'],
    ['an empty command id', { type: 'RemoveJob', jobId: 'a', commandId: '' }, 'invalid-id', 'commandId'],
    [
      'a command id that is too long',
      { type: 'RemoveJob', jobId: 'a', commandId: 'x'.repeat(301) },
      'invalid-id',
      'commandId',
    ],
    ['an actor without end', { type: 'RemoveJob', jobId: 'a', actor: 'x'.repeat(5_000) }, 'limit-exceeded', 'actor'],
    ['a reason without end', { type: 'PauseJob', jobId: 'a', reason: 'x'.repeat(5_000) }, 'limit-exceeded', 'reason'],
    ['no object', 5, 'malformed', null],
  ]
  test.for(REFUSED)('in JSON with %s are refused with code and path', ([, json, code, path]) => {
    expect(refusal(() => fromJson(json))).toMatchObject({ code, path })
  })

  test('that are refused get a short answer, however long the reason is', () => {
    const { reason, path } = refusal(() => fromJson({ type: 'RemoveJob', ['x'.repeat(500_000)]: 1 }))
    expect(reason.length + (path ?? '').length).toBeLessThan(2_000)
  })

  test('have no key __proto__ at any depth, and no JSON too deep', () => {
    for (const text of [
      '{"type":"RemoveJob","__proto__":{"jobId":"a"}}',
      '{"type":"AddJob","job":{"labels":{"__proto__":"x"}}}',
      '{"type":"AddJob","job":{"metadata":{"a":[{"__proto__":1}]}}}',
      '{"type":"AddJob","job":{"payload":{"\\u005f_proto__":1}}}',
    ]) {
      expect(refusal(() => commandFromJson(parseJson(text, ''), SOURCE)).reason).toMatch('__proto__')
    }
    expect(refusal(() => parseJson(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`, '')).reason).toMatch('64 levels')
  })

  test('in Avro are no other records', () => {
    const event = createEventCodec().encode([EVENTS.JobRemoved]).values[0] ?? new Uint8Array(0)
    expect(refusal(() => decodeCommand(event, SOURCE))).toMatchObject({
      code: 'unsupported-type',
      reason: 'JobRemoved is not a command',
    })
    const unknown = Uint8Array.of(0xc3, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0)
    expect(refusal(() => decodeCommand(unknown, SOURCE))).toMatchObject({ code: 'unsupported-type' })
    expect(refusal(() => decodeCommand(utf8('{}'), SOURCE))).toMatchObject({ code: 'malformed' })
  })

  test('of a client that do not fit the schema are told by the name of the member', () => {
    const add: Command = { ...COMMANDS.AddJob, job: { task: 't', maxInstances: 1.5 } }
    expect(() => encodeCommand(add)).toThrow('job.maxInstances: expected a 32-bit integer, got 1.5')
  })
})
