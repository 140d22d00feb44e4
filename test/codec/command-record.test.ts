import { describe, expect, test } from 'vitest'

import { encodeCommand } from '../../src/codec/command-avro.ts'
import { commandToJson } from '../../src/codec/command-json.ts'
import { readCommand } from '../../src/codec/command-record.ts'
import type { CommandReading } from '../../src/ports/input-codec.ts'
import { COMMANDS } from '../golden/samples.ts'
import { recordOf, utf8 } from './sources.ts'

const rejection = (reading: CommandReading): unknown => (reading.kind === 'rejected' ? reading.rejection : reading.kind)
const json = (value: object): string => JSON.stringify(value)

describe('a record of the commands topic', () => {
  test('is a plain job by its headers, whatever its value looks like', () => {
    for (const value of [null, '{"type":"RemoveJob"}', encodeCommand(COMMANDS.RemoveJob), 'x']) {
      expect(readCommand(recordOf(value, { 'horolog-task': 't' }))).toMatchObject({
        command: { type: 'AddJob', job: { task: 't' } },
      })
    }
  })

  test('without a value removes the job of the header, else of the key', () => {
    expect(readCommand(recordOf(null))).toMatchObject({ command: { type: 'RemoveJob', jobId: 'key-1' } })
    expect(readCommand(recordOf(null, { 'horolog-id': 'a' }))).toMatchObject({
      command: { type: 'RemoveJob', jobId: 'a' },
    })
    const nameless = readCommand({ ...recordOf(null), key: null })
    expect(rejection(nameless)).toMatchObject({ code: 'invalid-id', path: 'jobId' })
  })

  test('is Avro or JSON by its first byte', () => {
    for (const command of Object.values(COMMANDS)) {
      const wanted = { kind: 'command', command, replyTo: null, forwardedAt: null }
      expect(readCommand(recordOf(encodeCommand(command)))).toEqual(wanted)
      expect(readCommand(recordOf(json(commandToJson(command))))).toEqual(wanted)
    }
  })

  test('says where the answer is wanted', () => {
    const headers = { 'horolog-reply-to': 'replies' }
    expect(readCommand(recordOf('{"type":"RemoveJob"}', headers)).replyTo).toBe('replies')
    expect(readCommand(recordOf('what?', headers)).replyTo).toBe('replies')
  })

  const REFUSED: readonly (readonly [what: string, value: Uint8Array | string, code: string])[] = [
    ['an empty value', '', 'malformed'],
    ['text', 'remove job', 'malformed'],
    ['a JSON array', '[]', 'malformed'],
    ['half of a JSON object', '{"type":', 'malformed'],
    ['JSON that is not UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d), 'malformed'],
    ['Avro of an unknown schema', Uint8Array.of(0xc3, 1, 0, 0, 0, 0, 0, 0, 0, 0), 'unsupported-type'],
    ['Avro that is cut', Uint8Array.of(0xc3, 1, 0), 'malformed'],
    ['the Confluent encoding', Uint8Array.of(0, 0, 0, 0, 7, 1), 'unsupported-type'],
    ['too many bytes', `{${' '.repeat(900_000)}}`, 'payload-too-large'],
  ]
  test.for(REFUSED)('with %s is rejected', ([, value, code]) => {
    expect(rejection(readCommand(recordOf(value)))).toMatchObject({ code })
  })

  test('that is rejected still says who asked, as far as that can be read', () => {
    const named = { commandId: 'c', actor: 'anna', jobId: 'a', force: true, type: 'RemoveJob' }
    expect(readCommand(recordOf(json(named)))).toEqual({
      kind: 'rejected',
      rejection: { code: 'malformed', reason: 'force: there is no such member', path: 'force' },
      envelope: { commandId: 'c', commandGiven: true, actor: 'anna', commandOffset: 78 },
      jobId: 'a',
      replyTo: null,
      forwardedAt: null,
    })
    expect(readCommand(recordOf(json({ type: 'AddJob', job: { id: 'a', x: 1 } })))).toMatchObject({ jobId: 'a' })
    expect(readCommand(recordOf('what?', { 'horolog-command-id': 'h', 'horolog-id': 'b' }))).toMatchObject({
      envelope: { commandId: 'h', commandGiven: true, actor: null },
      jobId: 'b',
    })
    expect(readCommand(recordOf('what?'))).toMatchObject({
      envelope: { commandId: 'commands/4/78', commandGiven: false },
      jobId: 'key-1',
    })
  })

  test('whose names are no names is rejected under its place', () => {
    const long = 'x'.repeat(10_000)
    const reading = readCommand(
      recordOf(json({ type: 'RemoveJob', commandId: long, jobId: long }), { 'horolog-command-id': long }),
    )
    expect(reading).toMatchObject({ kind: 'rejected', envelope: { commandId: 'commands/4/78', commandGiven: false } })
    expect(json(reading).length).toBeLessThan(2_000)
    const header = readCommand({ ...recordOf(null), headers: [['horolog-id', Uint8Array.of(0xff)]], value: utf8('x') })
    expect(rejection(header)).toMatchObject({ code: 'malformed', path: 'horolog-id' })
  })
})
