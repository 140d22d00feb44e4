import { describe, expect, test } from 'vitest'

import { plainJobFromHeaders } from '../../src/codec/plain-job.ts'
import type { Command } from '../../src/core/commands.ts'
import type { JobInput } from '../../src/core/job/definition.ts'
import type { RecordHeader } from '../../src/ports/event-log.ts'
import { headersOf, NOW, recordOf, utf8 } from './sources.ts'

type Texts = Readonly<Record<string, string>>

function read(headers: readonly RecordHeader[], value: Uint8Array | null = null): Extract<Command, { type: 'AddJob' }> {
  const command = plainJobFromHeaders(headers, value, recordOf(null))
  if (command.type !== 'AddJob') throw new Error(command.type)
  return command
}
const job = (texts: Texts): JobInput => read(headersOf({ 'horolog-task': 't', ...texts })).job

describe('a job by headers', () => {
  test('needs no more than a task: its value is the payload, its key the id, its place the command id', () => {
    expect(read(headersOf({ 'horolog-task': 'send' }), utf8('hi'))).toEqual({
      type: 'AddJob',
      jobId: 'key-1',
      ifExists: 'replace',
      commandId: 'commands/4/78',
      commandGiven: false,
      actor: null,
      commandOffset: 78,
      job: { task: 'send', payload: utf8('hi') },
    })
    expect(read(headersOf({ 'horolog-task': 'send' }), null).job).toEqual({ task: 'send' })
  })

  test('takes id, command id, actor and ifExists from headers, before the key', () => {
    const texts = {
      'horolog-task': 't',
      'horolog-id': 'own',
      'horolog-command-id': 'c',
      'horolog-actor': 'anna',
      'horolog-if-exists': 'keep',
    }
    expect(read(headersOf(texts))).toMatchObject({
      jobId: 'own',
      commandId: 'c',
      commandGiven: true,
      actor: 'anna',
      ifExists: 'keep',
    })
  })

  test('gives the key to what it delivers, and is refused when that can not be: it is no text', () => {
    const asked = headersOf({ 'horolog-deliver': 'out', 'horolog-id': 'own' })
    const record = recordOf(null)
    expect(plainJobFromHeaders(asked, null, record)).toMatchObject({ job: { deliver: { topic: 'out', key: 'key-1' } } })
    const odd = { ...record, key: '\ufffd', rawKey: new Uint8Array([0xde]) }
    const refused = { code: 'invalid-option', path: 'horolog-deliver', reason: expect.stringContaining('UTF-8') }
    expect(() => plainJobFromHeaders(asked, null, odd)).toThrow(expect.objectContaining(refused))
    const task = headersOf({ 'horolog-task': 't', 'horolog-id': 'own' })
    expect(plainJobFromHeaders(task, null, odd)).toMatchObject({ jobId: 'own' })
  })

  test('without an id and a key is named after its place', () => {
    const command = plainJobFromHeaders(headersOf({ 'horolog-task': 't' }), null, { ...recordOf(null), key: null })
    expect(command).toMatchObject({ jobId: 'commands_4_78' })
  })

  const SCHEDULES: readonly (readonly [texts: Texts, trigger: unknown])[] = [
    [{}, undefined],
    [{ 'horolog-schedule': '@in 15m' }, { type: 'date', at: '2027-01-01T09:15:00.000Z' }],
    [{ 'horolog-schedule': '@in 500ms' }, { type: 'date', at: '2027-01-01T09:00:00.500Z' }],
    [{ 'horolog-schedule': '@in 2h' }, { type: 'date', at: '2027-01-01T11:00:00.000Z' }],
    [{ 'horolog-schedule': '@in 1d' }, { type: 'date', at: '2027-01-02T09:00:00.000Z' }],
    [{ 'horolog-schedule': '@in PT1H30M' }, { type: 'date', at: '2027-01-01T10:30:00.000Z' }],
    [{ 'horolog-schedule': '@at 2027-01-01T09:00:00Z' }, { type: 'date', at: '2027-01-01T09:00:00Z' }],
    [
      { 'horolog-schedule': '@at 2027-01-01T09:00:00', 'horolog-zone': 'Europe/Paris' },
      { type: 'date', at: '2027-01-01T09:00:00', zone: 'Europe/Paris' },
    ],
    [{ 'horolog-schedule': '@every 90s' }, { type: 'interval', every: 'PT1M30S', start: '2027-01-01T09:01:30.000Z' }],
    [
      { 'horolog-schedule': ' @every  PT90S ' },
      { type: 'interval', every: 'PT1M30S', start: '2027-01-01T09:01:30.000Z' },
    ],
    [{ 'horolog-schedule': '*/5 * * * *' }, { type: 'crontab', expression: '*/5 * * * *' }],
    [{ 'horolog-schedule': '@daily' }, { type: 'crontab', expression: '@daily' }],
    [
      { 'horolog-schedule': '0 9 * * 1-5', 'horolog-zone': 'Europe/Paris', 'horolog-dst': 'vixie' },
      { type: 'crontab', expression: '0 9 * * 1-5', zone: 'Europe/Paris', dst: 'vixie' },
    ],
    [
      { 'horolog-trigger': '{"type":"date","at":"2027-01-01T09:00:00Z"}' },
      { type: 'date', at: '2027-01-01T09:00:00Z' },
    ],
    [
      { 'horolog-trigger': '{"type":"crontab","expression":"@daily","zone":"UTC"}', 'horolog-zone': 'Europe/Paris' },
      { type: 'crontab', expression: '@daily', zone: 'UTC' },
    ],
  ]
  test.for(SCHEDULES)('%j is the trigger %j', ([texts, trigger]) => {
    expect(job(texts).trigger).toEqual(trigger)
  })

  test('takes its options from headers, durations as text', () => {
    expect(
      job({
        'horolog-executor': 'reports',
        'horolog-name': 'Täglich',
        'horolog-labels': 'team=blue, tier = 1 ,eq=a=b,',
        'horolog-misfire-grace': '1h',
        'horolog-max-attempts': '5',
        'horolog-timeout': 'PT30S',
        'horolog-reply-to': 'replies',
        'content-type': 'text/plain',
        traceparent: '00-1',
      }),
    ).toEqual({
      task: 't',
      executor: 'reports',
      name: 'Täglich',
      labels: { team: 'blue', tier: '1', eq: 'a=b' },
      misfireGraceMs: 3_600_000,
      retry: { maxAttempts: 5 },
      timeoutMs: 30_000,
      contentType: 'text/plain',
      headers: [{ name: 'traceparent', value: utf8('00-1') }],
    })
  })

  test('may deliver to a topic: the key goes along', () => {
    const headers = headersOf({
      'horolog-deliver': 'orders',
      'horolog-schedule': '@in 1s',
      traceparent: '00-1',
      'content-type': 'a/b',
    })
    expect(read(headers).job).toEqual({
      deliver: { topic: 'orders', key: 'key-1' },
      headers: [{ name: 'traceparent', value: utf8('00-1') }],
      contentType: 'a/b',
      trigger: { type: 'date', at: '2027-01-01T09:00:01.000Z' },
    })
  })

  test('keeps the headers that are none of ours byte for byte, in their order, also those that come twice', () => {
    const own: readonly RecordHeader[] = [
      ['b', Uint8Array.of(0xff, 0)],
      ['a', utf8('1')],
      ['b', utf8('')],
    ]
    const { headers } = read([...own, ...headersOf({ 'horolog-task': 't', 'content-type': 'a/b' })]).job
    expect(headers).toEqual(own.map(([name, value]) => ({ name, value })))
    own[0]?.[1].fill(7)
    expect(headers?.[0]?.value).toEqual(Uint8Array.of(0xff, 0))
  })

  test('takes the last of a header that comes twice', () => {
    const headers = [
      ...headersOf({ 'horolog-task': 'a', 'horolog-labels': 'x=1' }),
      ...headersOf({ 'horolog-task': 'b' }),
    ]
    expect(read(headers).job).toEqual({ task: 'b', labels: { x: '1' } })
    expect(job({ 'horolog-labels': 'a=1,a=2' }).labels).toEqual({ a: '2' })
  })

  test('does not keep the bytes of the record', () => {
    const value = utf8('hi')
    const { payload } = read(headersOf({ 'horolog-task': 't' }), value).job
    value.fill(0)
    expect(payload).toEqual(utf8('hi'))
  })

  const REFUSED: readonly (readonly [texts: Texts, code: string, path: string])[] = [
    [{ 'horolog-schedule': '@in' }, 'invalid-trigger', 'horolog-schedule'],
    [{ 'horolog-schedule': '@in soon' }, 'invalid-trigger', 'horolog-schedule'],
    [{ 'horolog-schedule': '@in 999999999d' }, 'invalid-trigger', 'horolog-schedule'],
    [{ 'horolog-schedule': '@every -5s' }, 'invalid-trigger', 'horolog-schedule'],
    [{ 'horolog-schedule': '@every 5' }, 'invalid-trigger', 'horolog-schedule'],
    [{ 'horolog-schedule': '@daily', 'horolog-trigger': '{}' }, 'invalid-trigger', 'horolog-trigger'],
    [{ 'horolog-trigger': '{' }, 'malformed', 'horolog-trigger'],
    [{ 'horolog-trigger': '[]' }, 'malformed', 'horolog-trigger'],
    [{ 'horolog-trigger': '{"__proto__":{}}' }, 'malformed', 'horolog-trigger'],
    [{ 'horolog-labels': 'blue' }, 'invalid-option', 'horolog-labels'],
    [{ 'horolog-labels': '=1' }, 'invalid-option', 'horolog-labels'],
    [{ 'horolog-labels': '__proto__=1' }, 'invalid-option', 'horolog-labels'],
    [{ 'horolog-misfire-grace': 'long' }, 'invalid-option', 'horolog-misfire-grace'],
    [{ 'horolog-timeout': '' }, 'invalid-option', 'horolog-timeout'],
    [{ 'horolog-max-attempts': '3.5' }, 'invalid-option', 'horolog-max-attempts'],
    [{ 'horolog-if-exists': 'merge' }, 'invalid-option', 'ifExists'],
    [{ 'horolog-shedule': '@daily' }, 'malformed', 'horolog-shedule'],
    [{ 'horolog-id': 'x'.repeat(201) }, 'invalid-id', 'job.id'],
  ]
  test.for(REFUSED)('%j is refused', ([texts, code, path]) => {
    expect(() => job(texts)).toThrow(expect.objectContaining({ name: 'DecodeError', code, path }))
  })

  test('with a header that is not UTF-8 is refused, unless the header is none of ours', () => {
    const task = headersOf({ 'horolog-task': 't' })
    expect(() => read([...task, ['horolog-name', Uint8Array.of(0xff)]])).toThrow('horolog-name: expected UTF-8')
    expect(read([...task, ['other', Uint8Array.of(0xff)]]).job).toMatchObject({ task: 't' })
  })

  test('counts from the time of its record', () => {
    const record = { ...recordOf(null), timestamp: NOW + 1 }
    const command = plainJobFromHeaders(headersOf({ 'horolog-task': 't', 'horolog-schedule': '@in 1s' }), null, record)
    expect(command).toMatchObject({ job: { trigger: { at: '2027-01-01T09:00:01.001Z' } } })
  })
})
