/** The client of a schema registry against servers that are slow, wrong or not there. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createVirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import { createSchemaRegistry } from '../../src/adapters/registry/registry-client.ts'
import { type RegistryOptions, registryAccess } from '../../src/adapters/registry/registry-options.ts'
import { createSystemClock } from '../../src/adapters/system/system-clock.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { SchemaRegistry } from '../../src/ports/schema-registry.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { T0 } from '../support/moments.ts'

const FOUND = JSON.stringify({ schema: '"string"' })

let server: Server
let url: string
let requests: IncomingMessage[]
/** What the server does with its requests, in turn; the last one goes on. */
let conduct: ((response: ServerResponse) => void)[]
let told: string[]
/** Called whenever something is told. */
let hears: () => void
let opened: SchemaRegistry[]

beforeEach(async () => {
  requests = []
  conduct = []
  told = []
  hears = () => {}
  opened = []
  server = createServer((request, response) => {
    requests.push(request)
    const [next] = conduct.length > 1 ? conduct.splice(0, 1) : conduct
    next?.(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`
})
afterEach(async () => {
  for (const registry of opened) registry.close()
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

function client(options: Partial<RegistryOptions> = {}, clock: Clock = createSystemClock()): SchemaRegistry {
  const logger = {
    ...SILENT,
    warn: (details: object) => {
      told.push(JSON.stringify(details))
      hears()
    },
  }
  const registry = createSchemaRegistry({ url, requestTimeoutMs: 200, ...options, clock, logger })
  opened.push(registry)
  return registry
}

function says(status: number, body: string): (response: ServerResponse) => void {
  return (response) => void response.writeHead(status).end(body)
}

test('a schema is asked for below the path of the address, with the credentials', async () => {
  conduct = [says(200, FOUND)]
  expect(await client({ auth: { username: 'ann', password: 'sesame' } }).schema(7)).toBe('"string"')
  expect(requests[0]?.url).toBe('/api/schemas/ids/7')
  expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('ann:sesame').toString('base64')}`)
  expect(await client({ auth: { token: 'abc' } }).schema(7)).toBe('"string"')
  expect(requests[1]?.headers.authorization).toBe('Bearer abc')
})

test.each([
  ['the registry says so', 404, '{"error_code":40403,"message":"no"}'],
  ['it is a schema of another kind', 200, '{"schemaType":"JSON","schema":"{}"}'],
  ['it refers to others', 200, '{"schema":"{}","references":[{"name":"a","subject":"a","version":1}]}'],
])('there is none when %s', async (_why, status, body) => {
  conduct = [says(status, body)]
  expect(await client().schema(7)).toBeNull()
  expect(told).toEqual([])
})

test.each([
  ['a refused password', says(401, '{"error_code":401,"message":"who are you?"}')],
  ['an address where no registry is', says(404, '<html>')],
  ['too many requests', says(429, '')],
  ['a failure of its own', says(500, '{"error_code":50001}')],
  ['an answer without a schema', says(200, '{}')],
  ['an answer that is no JSON', says(200, 'hello')],
  ['an answer that never ends', (response: ServerResponse) => void response.write('{')],
  ['an answer of more than a schema can have', says(200, `{"schema":"${'x'.repeat(1_100_000)}"}`)],
  ['a connection that is cut', (response: ServerResponse) => void response.destroy()],
  ['no answer', () => {}],
])('%s is told and tried again', async (_what, trouble) => {
  conduct = [trouble, says(200, FOUND)]
  expect(await client({ auth: { username: 'ann', password: 'sesame' } }).schema(7)).toBe('"string"')
  expect(told).toHaveLength(1)
  expect(told[0]).toContain('"schema":7')
  expect(told[0]).not.toContain('sesame')
})

/** Lets time pass whenever the client says that it waits. */
function impatient(): Clock {
  const clock = createVirtualClock(T0)
  hears = () => void setImmediate(() => void clock.advance(10_000))
  return clock
}

test.each([403, 422, 400])(
  'a schema that is refused with %i again and again is none, and tried once later',
  async (status) => {
    conduct = [says(status, '{"error_code":40301,"message":"denied"}')]
    const registry = client({}, impatient())
    expect(await registry.schema(7)).toBeNull()
    expect(requests).toHaveLength(10)
    expect(told).toHaveLength(10)
    expect(await registry.schema(7)).toBeNull()
    expect(requests).toHaveLength(11)
    conduct = [says(200, FOUND)]
    expect(await registry.schema(7)).toBe('"string"')
  },
)

test.each([
  ['a refused password', says(401, '{"error_code":401}')],
  ['an address where no registry is', says(404, '<html>')],
  ['too many requests', says(429, '')],
  ['a failure of its own', says(500, '')],
])('%s never makes a schema unknown, also not among refusals', async (_what, trouble) => {
  const refused = says(403, '')
  const row = (count: number, one: typeof trouble): (typeof trouble)[] => Array.from({ length: count }, () => one)
  conduct = [...row(9, refused), ...row(12, trouble), ...row(9, refused), says(200, FOUND)]
  expect(await client({}, impatient()).schema(7)).toBe('"string"')
  expect(requests).toHaveLength(31)
})

test('one question is under way for those who ask the same', async () => {
  conduct = [says(200, FOUND)]
  const registry = client()
  expect(await Promise.all([registry.schema(7), registry.schema(7)])).toEqual(['"string"', '"string"'])
  expect(requests).toHaveLength(1)
})

test('closing it ends what waits, and whoever asks later is told at once', async () => {
  conduct = [() => {}]
  const registry = client({ requestTimeoutMs: 60_000 })
  const waiting = registry.schema(7)
  await once(server, 'request')
  registry.close()
  await expect(waiting).rejects.toMatchObject({ name: 'LogError', code: 'closed' })
  await expect(registry.schema(8)).rejects.toMatchObject({ code: 'closed' })
})

test.each([
  [{ url: 'registry:8081' }, 'registry.url'],
  [{ url: 'not an address' }, 'registry.url'],
  [{ url: 'http://ann:sesame@registry' }, 'registry.auth'],
  [{ url: 'http://registry', auth: { username: 'ann' } }, 'registry.auth'],
  [{ url: 'http://registry', requestTimeoutMs: 0 }, 'registry.requestTimeoutMs'],
  [{ url: 'http://registry', user: 'ann' }, 'registry.user'],
])('%j is refused as an option', (options, path) => {
  const refused = (): unknown => registryAccess(options as RegistryOptions)
  expect(refused).toThrow(expect.objectContaining({ code: 'invalid-option', message: expect.stringContaining(path) }))
  expect(refused).not.toThrow(/sesame/)
})
