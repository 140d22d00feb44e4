/** Tokens of an endpoint over HTTP, and that no error repeats what it said. */
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type OauthClient, oauthTokens } from '../../../src/adapters/kafka/oauth-tokens.ts'

let server: Server
let answer: (response: ServerResponse) => void
let asked: string[]
let client: OauthClient

beforeEach(async () => {
  asked = []
  server = createServer((request, response) => {
    asked.push(request.headers.authorization ?? '')
    answer(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/token`)
  client = { endpoint, clientId: 'ann', clientSecret: 'hush-1', scope: null }
})
afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

test('a token is asked for with the credentials, once for those who ask meanwhile', async () => {
  answer = (response) => void response.end('{"access_token":"abc"}')
  const tokens = oauthTokens(client)
  expect(await Promise.all([tokens(), tokens()])).toEqual(['abc', 'abc'])
  expect(asked).toEqual([`Basic ${Buffer.from('ann:hush-1').toString('base64')}`])
})

test.each<[string, number, string, RegExp]>([
  [
    'a token as plain text',
    200,
    'hush-2-as-it-is',
    /^the token endpoint at 127\.0\.0\.1:\d+ answered with what is no JSON$/,
  ],
  ['JSON that ends too soon', 200, '{"access_token":"hush-2', /answered with what is no JSON$/],
  ['another member', 200, '{"token":"hush-2"}', /gave no access_token$/],
  ['a token that is none', 200, '{"access_token":["hush-2"]}', /gave no access_token$/],
  ['an error', 403, 'hush-2', /answered 403$/],
])('%s is an error without a word of it', async (_what, status, body, message) => {
  answer = (response) => void response.writeHead(status).end(body)
  const error = await oauthTokens(client)().catch((err: unknown) => err)
  expect(error).toMatchObject({ message: expect.stringMatching(message) as string })
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hush')
})
