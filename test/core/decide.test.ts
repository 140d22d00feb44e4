// oxlint-disable vitest/expect-expect -- a scenario asserts with its own `then`
import { expect, test } from 'vitest'
import type { CommandEnvelope } from '../../src/core/commands.ts'
import { COMMAND_MEMORY_MS, MAX_EXECUTORS, MAX_NAME_CHARS } from '../../src/core/limits.ts'
import { applied, duplicate, executorDeclared, jobAdded, jobPaused, rejected } from '../support/facts.ts'
import { addJob, command, declareExecutor, ENVELOPE, given as withId, pauseJob } from '../support/inputs.ts'
import { at, JOB, T0 } from '../support/moments.ts'
import { given, nothing } from '../support/scenario.ts'

const anybody = { jobId: null }

test('an executor is declared once', () => {
  nothing.when(declareExecutor('gpu')).then(executorDeclared('gpu')).when(declareExecutor('gpu')).then(applied(anybody))
})

test('the executor that every namespace has is there without a declaration', () => {
  nothing.when(declareExecutor('default')).then(applied(anybody))
})

test('an executor without a name, or with one that is too long, is rejected', () => {
  nothing.when(declareExecutor('')).then(rejected('invalid-option', 'executor', anybody))
  nothing.when(declareExecutor('x'.repeat(MAX_NAME_CHARS + 1))).then(rejected('invalid-option', 'executor', anybody))
  nothing.when(declareExecutor('x'.repeat(MAX_NAME_CHARS))).then(executorDeclared('x'.repeat(MAX_NAME_CHARS)))
})

test(`at most ${MAX_EXECUTORS} executors are declared`, () => {
  const more = Array.from({ length: MAX_EXECUTORS - 1 }, (_, i) => executorDeclared(`e${i}`))
  const full = given(...more)
  full.when(declareExecutor('more')).then(rejected('limit-exceeded', 'executor', anybody))
  full.when(declareExecutor('e0')).then(applied(anybody))
  given(...more.slice(1))
    .when(declareExecutor('more'))
    .then(executorDeclared('more'))
})

test('a job may name an executor once it is declared', () => {
  nothing
    .when(declareExecutor('gpu'))
    .then(executorDeclared('gpu'))
    .when(addJob({ executor: 'gpu' }))
    .then(jobAdded({ job: { executor: 'gpu' } }))
})

test('a command of a type that nobody knows is rejected', () => {
  const unheardOf = { type: 'PolishJob', jobId: JOB } as unknown as Parameters<typeof command>[0]
  nothing.when(command(unheardOf)).then(rejected('unsupported-type', 'type'))
})

test('a command keeps who asked for it and where it stands', () => {
  const envelope: CommandEnvelope = {
    commandId: 'horolog.commands/0/7',
    commandGiven: false,
    actor: 'anna',
    commandOffset: 7,
  }
  nothing.when(addJob({}, { envelope })).then(jobAdded(envelope))
})

test('an id that the client did not give is not remembered', () => {
  const stage = nothing.when(addJob()).then(jobAdded())
  expect(stage.state.commandTime(ENVELOPE.commandId)).toBe(undefined)
  stage.when(addJob()).then(applied())
})

test('an id is remembered across all types of commands', () => {
  const envelope = withId('one')
  nothing
    .when(addJob({}, { envelope }))
    .then(jobAdded(envelope))
    .when(pauseJob(null, JOB, envelope))
    .then(duplicate(envelope))
})

test('an id of a command that was rejected may be used again, for the same command or a better one', () => {
  const envelope = withId('one')
  nothing
    .when(addJob({ maxInstances: 0 }, { envelope }))
    .then(rejected('invalid-option', 'job.maxInstances', envelope))
    .when(addJob({ maxInstances: 0 }, { envelope }))
    .then(rejected('invalid-option', 'job.maxInstances', envelope))
    .when(addJob({ maxInstances: 1 }, { envelope }))
    .then(jobAdded(envelope))
    .when(addJob({ maxInstances: 1 }, { envelope }))
    .then(duplicate(envelope))
})

test('an id of a command that changed nothing is remembered as well', () => {
  const envelope = withId('one')
  nothing
    .when(declareExecutor('default', envelope))
    .then(applied({ ...envelope, jobId: null }))
    .when(declareExecutor('gpu', envelope))
    .then(duplicate({ ...envelope, jobId: null }))
})

test('an id is forgotten when another comes more than an hour later', () => {
  const first = withId('first')
  const second = withId('second')
  const later = T0 + COMMAND_MEMORY_MS
  const stage = given({ ...jobAdded(first), time: T0 })
    .at(later)
    .when(pauseJob(null, JOB, second))
    .then(jobPaused(second))
  expect(stage.state.commandTime('first')).toBe(undefined)
  expect(stage.state.commandTime('second')).toBe(later)
})

test('an id is remembered for an hour', () => {
  const first = withId('first')
  const stage = given({ ...jobAdded(first), time: T0 })
    .at(T0 + COMMAND_MEMORY_MS - 1)
    .when(pauseJob(null, JOB, withId('second')))
    .then(jobPaused(withId('second')))
  expect(stage.state.commandTime('first')).toBe(T0)
  stage.when(addJob({ name: 'x' }, { envelope: first })).then(duplicate(first))
})

test('events are stamped later than the last one even after the clock has stepped back', () => {
  const { state } = given({ ...jobAdded(), time: at(100) })
    .at(at(50))
    .when(pauseJob())
    .then(jobPaused())
  expect(state.lastTime).toBe(at(100))
})
