/** docs/protocol.md against the code: what it says by name, by example and by number is so. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { desiredTopics } from '../../src/adapters/kafka/topic-settings.ts'
import { encodeCommand } from '../../src/codec/command-avro.ts'
import { commandFromJson } from '../../src/codec/command-json.ts'
import { COMMAND_TYPES, type CommandSource } from '../../src/codec/command-members.ts'
import { readCommand } from '../../src/codec/command-record.ts'
import { readControl } from '../../src/codec/control-record.ts'
import { reportFromJson, REPORT_TYPES } from '../../src/codec/report-codec.ts'
import { schemaStore, storedSchema } from '../../src/codec/schema-store.ts'
import type { Json, JsonObject } from '../../src/core/json.ts'
import { murmur2, partitionOf } from '../../src/core/partition.ts'

const page = read('docs/protocol.md')
const NOBODY: CommandSource = { commandId: null, actor: null, jobId: null, place: 'commands/0/0', offset: 0 }
const CONTROLS: readonly unknown[] = ['CancelRun', 'RunGranted', 'ClaimRefused']
const MEMBERS_OF_EVENTS = ['epoch', 'seq', 'index', 'time']

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
}

/** The text of a section, without its subsections' titles being special. */
function section(title: string): string {
  const [, after = ''] = page.split(new RegExp(`^#+ ${title}\\n`, 'm'))
  return after.split(/^## /m, 1)[0] ?? ''
}

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, text = '']) => text)
}

/** The examples in JSON of a section. */
function examples(title: string): JsonObject[] {
  const text = section(title)
  return blocks('json')
    .filter((block) => text.includes(block))
    .map((block) => JSON.parse(block) as JsonObject)
}

/** Words that stand in back quotes. */
function quoted(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, words = '']) => words)
}

test('the reader in Python stands there as it is in the examples, in at most 40 lines', () => {
  const reader = read('examples/python/reader.py')
  expect(blocks('python')).toEqual([reader])
  expect(reader.trimEnd().split('\n').length).toBeLessThanOrEqual(40)
})

test('each command has an example, which is read as such', () => {
  const given = examples('As JSON').filter((json) => 'type' in json)
  const commands = given.map((json) => commandFromJson(json as Json, NOBODY))
  expect(commands.map(({ type }) => type).toSorted()).toEqual([...COMMAND_TYPES].toSorted())
})

test('the examples of reports and of control records are read as such', () => {
  expect(
    examples('Reports')
      .filter(({ type }) => !CONTROLS.includes(type))
      .map(reportFromJson),
  ).toHaveLength(2)
  const controls = examples('Control').filter(({ type }) => CONTROLS.includes(type))
  expect(controls.map(({ type }) => type)).toEqual(CONTROLS)
  for (const json of controls) {
    expect(readControl({ value: Buffer.from(JSON.stringify(json)) })).toMatchObject({ kind: 'control' })
  }
  for (const type of REPORT_TYPES) expect(section('Reports')).toContain(type)
})

test('the hashes and partitions are those that it lists', () => {
  const rows = [...page.matchAll(/^\| `([^`]+)` +\| ([−\d]+) +\| (\d+) +\| (\d+) +\|$/gm)]
  expect(rows.length).toBeGreaterThan(6)
  for (const [, key = '', hash = '', of3, of12] of rows) {
    expect([key, murmur2(Buffer.from(key)) | 0]).toEqual([key, Number(hash.replace('−', '-'))])
    expect([partitionOf(key, 3), partitionOf(key, 12)]).toEqual([Number(of3), Number(of12)])
  }
})

test('the fingerprint and the bytes of its example are right', () => {
  const { canonical, fingerprint } = storedSchema('RemoveJob')
  expect(page).toContain(canonical)
  expect(page).toContain(Buffer.from(fingerprint).toString('hex'))
  const asked = { commandId: 'c-1', commandGiven: true, actor: null, commandOffset: null }
  const value = encodeCommand({ type: 'RemoveJob', jobId: 'daily-report', ...asked })
  expect(page.replaceAll(' ', '')).toContain(Buffer.from(value).toString('hex'))
})

test('it names every event, every rejection code and every reason to ignore a report', () => {
  const events = [...schemaStore().byName.values()]
    .filter(({ schema }) => MEMBERS_OF_EVENTS.every((name, at) => schema.fields[at]?.name === name))
    .map(({ name }) => name)
  const listed = quoted(section('Events'))
    .filter((words) => /^([A-Z][A-Za-z]+ ?)+$/.test(words))
    .flatMap((words) => words.split(' '))
  expect([...new Set(listed)].toSorted()).toEqual(events.toSorted())
  for (const [record, member] of [
    ['CommandRejected', 'code'],
    ['ReportIgnored', 'why'],
  ] as const) {
    const { doc = '' } = storedSchema(record).schema.fields.find(({ name }) => name === member) ?? {}
    for (const code of doc.match(/[a-z]+(-[a-z]+)*/g) ?? []) expect(page).toMatch(new RegExp(`\\b${code}\\b`))
  }
})

test('it names every member of a job, and every topic', () => {
  for (const { name } of storedSchema('JobInput').schema.fields) expect(section('Commands')).toContain(`\`${name}\``)
  const topics = desiredTopics({ partitions: 12, replicationFactor: 3, executors: { '<executor>': 12 } })
  for (const { name } of topics) expect(section('Topics')).toContain(`\`<ns>.${name}\``)
})

test('the headers of a plain job that it lists are known', () => {
  const names = [...new Set(page.match(/`horolog-[a-z-]+`/g) ?? [])].map((name) => name.slice(1, -1))
  const table = section('Plain jobs').split('\nDurations:', 1)[0] ?? ''
  const listed = names.filter((name) => table.includes(`\`${name}\``))
  expect(listed.length).toBeGreaterThan(12)
  for (const name of listed) {
    const headers = [['horolog-task', 'task'] as const, [name, ''] as const].map(
      ([header, value]) => [header, Buffer.from(value)] as const,
    )
    const record = { topic: 'commands', partition: 0, offset: 0, timestamp: 0, key: 'a', value: null, headers }
    expect(JSON.stringify(readCommand(record))).not.toContain('there is no such header')
  }
})
