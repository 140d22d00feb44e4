// oxlint-disable vitest/expect-expect -- a scenario asserts with its own `then`
import { describe, test } from 'vitest'
import type { Header, JobInput } from '../../../src/core/job/definition.ts'
import { MAX_DELIVER_KEY_CHARS, MAX_HEADERS, MAX_HEADERS_BYTES, MAX_NAME_CHARS } from '../../../src/core/limits.ts'
import type { RejectionCode } from '../../../src/core/rejections.ts'
import { modifyJob } from '../../scenarios/requests.ts'
import { applied, jobAdded, jobModified, rejected } from '../../support/facts.ts'
import { addJob, bytes } from '../../support/inputs.ts'
import { given, nothing } from '../../support/scenario.ts'

const header = (name: string, value = 'x'): Header => ({ name, value: bytes(value) })
const many = (count: number): Header[] => Array.from({ length: count }, (_, i) => header(`h${i}`))
const TRACE = header('traceparent', '00-1')

type Refused = readonly [what: string, job: { readonly [member: string]: unknown }, code: RejectionCode, path: string]

describe('the headers of a job', () => {
  test('are kept byte for byte and in their order, also two of one name', () => {
    const headers = [TRACE, { name: 'b', value: Uint8Array.of(0xff, 0) }, header('a'), header('b', '')]
    nothing.when(addJob({ headers })).then(jobAdded({ job: { headers } }))
  })

  test('are none when there are none', () => {
    nothing.when(addJob({ headers: [] })).then(jobAdded({ job: { headers: null } }))
  })

  test('make another definition when they differ, and not when they do not', () => {
    const job = given(jobAdded({ job: { headers: [TRACE] } }))
    job.when(addJob({ headers: [header('traceparent', '00-1')] })).then(applied())
    job
      .when(addJob({ headers: [header('traceparent', '00-2')] }))
      .then(jobModified({ job: { headers: [header('traceparent', '00-2')] } }))
    job.when(addJob({})).then(jobModified())
  })

  test('go when they are set to null', () => {
    given(jobAdded({ job: { headers: [TRACE] } }))
      .when(modifyJob({ headers: null }))
      .then(jobModified())
  })

  const REFUSED: readonly Refused[] = [
    ['no array', { headers: { traceparent: 'x' } }, 'invalid-option', 'job.headers'],
    ['too many', { headers: many(MAX_HEADERS + 1) }, 'limit-exceeded', 'job.headers'],
    ['too large', { headers: [header('a', 'x'.repeat(MAX_HEADERS_BYTES))] }, 'limit-exceeded', 'job.headers'],
    ['something that is no header', { headers: [TRACE, null] }, 'invalid-option', 'job.headers[1].name'],
    ['one without a name', { headers: [header('')] }, 'invalid-option', 'job.headers[0].name'],
    ['one named __proto__', { headers: [header('__proto__')] }, 'invalid-option', 'job.headers[0].name'],
    [
      'one with a long name',
      { headers: [header('x'.repeat(MAX_NAME_CHARS + 1))] },
      'invalid-option',
      'job.headers[0].name',
    ],
    ['one of our names', { headers: [TRACE, header('horolog-task')] }, 'invalid-option', 'job.headers[1].name'],
    ['the content type', { headers: [header('content-type')] }, 'invalid-option', 'job.headers[0].name'],
    ['a text for bytes', { headers: [{ name: 'a', value: 'x' }] }, 'invalid-option', 'job.headers[0].value'],
  ]
  test.for(REFUSED)('are rejected with %s', ([_what, job, code, path]) => {
    nothing.when(addJob(job)).then(rejected(code, path))
  })
})

describe('a job that delivers a record', () => {
  const onKafka = nothing.with({ deliverTopics: ['orders'] })
  const delivering = (deliver: unknown): JobInput => ({ task: null, deliver }) as JobInput

  test('has a topic in the place of a task', () => {
    const headers = { source: 'shop' }
    onKafka
      .when(addJob(delivering({ topic: 'orders', key: 'k', headers })))
      .then(jobAdded({ job: { task: null, deliver: { topic: 'orders', key: 'k', headers } } }))
    onKafka
      .when(addJob(delivering({ topic: 'orders' })))
      .then(jobAdded({ job: { task: null, deliver: { topic: 'orders', key: null, headers: {} } } }))
  })

  test('is rejected where nothing could produce it', () => {
    nothing.when(addJob(delivering({ topic: 'orders' }))).then(rejected('invalid-option', 'job.deliver'))
  })

  const REFUSED: readonly Refused[] = [
    ['a topic that is not allowed', { topic: 'horolog.events' }, 'topic-not-allowed', 'job.deliver.topic'],
    ['no topic', {}, 'invalid-option', 'job.deliver.topic'],
    ['no object', { deliver: 'orders' }, 'invalid-option', 'job.deliver.topic'],
    [
      'a long key',
      { topic: 'orders', key: 'x'.repeat(MAX_DELIVER_KEY_CHARS + 1) },
      'limit-exceeded',
      'job.deliver.key',
    ],
    ['a header that is no text', { topic: 'orders', headers: { a: 1 } }, 'invalid-option', 'job.deliver.headers.a'],
  ]
  test.for(REFUSED)('is rejected with %s', ([_what, deliver, code, path]) => {
    onKafka.when(addJob(delivering(deliver))).then(rejected(code, path))
  })

  test('is rejected with a task besides', () => {
    onKafka.when(addJob({ deliver: { topic: 'orders' } })).then(rejected('invalid-option', 'job.deliver'))
  })

  test('becomes one with a task, and the other way round, when both are said', () => {
    const deliver = { topic: 'orders', key: null, headers: {} }
    onKafka
      .when(addJob())
      .then(jobAdded())
      .when(modifyJob({ task: null, deliver }))
      .then(jobModified({ job: { task: null, deliver } }))
      .when(modifyJob({ task: 'greet', deliver: null }))
      .then(jobModified({ version: 3 }))
  })
})
