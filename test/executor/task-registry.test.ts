// What can be registered as a task.
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { moduleUrl } from '../../src/executor/task-module.ts'
import { TaskRegistry } from '../../src/executor/task-registry.ts'

const handler = (): void => {}
const schema = { '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) } }

test('a function runs here; a module runs in a worker thread unless a process is asked for', () => {
  const tasks = new TaskRegistry()
  tasks.add('here', handler)
  tasks.add('thread', { module: 'file:///tasks.ts' })
  tasks.add('child', { module: new URL('file:///tasks.ts'), export: 'resize' }, { runIn: 'process', schema })
  expect(tasks.get('here')).toEqual({ name: 'here', place: 'here', handler, schema: null })
  expect(tasks.get('thread')).toMatchObject({ place: 'worker', module: 'file:///tasks.ts', exportName: 'default' })
  expect(tasks.get('child')).toMatchObject({
    place: 'process',
    module: 'file:///tasks.ts',
    exportName: 'resize',
    schema,
  })
  expect(tasks.names).toEqual(['here', 'thread', 'child'])
})

test('a path of a module counts from the working directory, a URL is kept', () => {
  expect(moduleUrl('./tasks.ts')).toBe(pathToFileURL(`${process.cwd()}/tasks.ts`).href)
  expect(moduleUrl('/srv/tasks.js')).toBe(pathToFileURL('/srv/tasks.js').href)
  expect(moduleUrl('data:text/javascript,')).toBe('data:text/javascript,')
})

test('time-out and retry policy of a task are kept for the jobs that are added with it', () => {
  const tasks = new TaskRegistry()
  tasks.add('greet', handler, { timeout: '30s', retry: { maxAttempts: 3 }, schema })
  expect(tasks.optionsOf('greet')).toEqual({ timeout: '30s', retry: { maxAttempts: 3 } })
  expect(tasks.optionsOf('unknown')).toEqual({})
})

const refused: [what: string, add: (tasks: TaskRegistry) => void, message: string][] = [
  ['no name', (tasks) => tasks.add('', handler), 'task: expected a non-empty name'],
  ['a name twice', (tasks) => tasks.add('there', handler), 'task there: a handler of that name is there'],
  [
    'what is neither function nor module',
    (tasks) => tasks.add('a', JSON.parse('{"export": "x"}')),
    'task a: expected a function or { module, export }, got object',
  ],
  [
    'an option that is none',
    (tasks) => tasks.add('a', handler, { timeOut: '1s' } as object),
    'task a, timeOut: expected one of the options timeout, retry, runIn, schema (did you mean \'timeout\'?), got timeOut: "1s"',
  ],
  [
    'options that are no object',
    (tasks) => tasks.add('a', handler, JSON.parse('"worker"')),
    `task a, options: expected an object as { timeout: '1m' }, got "worker"`,
  ],
  [
    'an empty export name',
    (tasks) => tasks.add('a', { module: './a.ts', export: '' }),
    'task a: expected a function or { module, export }, got object',
  ],
  [
    'a function for a worker',
    (tasks) => tasks.add('a', handler, { runIn: 'worker' }),
    "task a, runIn: a function can't run in a worker; give { module, export }",
  ],
  [
    'a place that does not exist',
    (tasks) => tasks.add('a', { module: './a.ts' }, JSON.parse('{"runIn": "moon"}')),
    `task a, runIn: expected 'worker' or 'process', got "moon"`,
  ],
  [
    'a schema of another kind',
    (tasks) => tasks.add('a', handler, JSON.parse('{"schema": {"type": "object"}}')),
    'task a, schema: expected a Standard Schema of version 1',
  ],
]

test.each(refused)('%s is refused as invalid-option', (_what, add, message) => {
  const tasks = new TaskRegistry()
  tasks.add('there', handler)
  expect(() => add(tasks)).toThrow(expect.objectContaining({ code: 'invalid-option', message }))
  expect(tasks.names).toEqual(['there'])
})
