/** How a schema registry is reached, by the API that Confluent's has and others have too. */
import { OperationalError } from '../../ports/operational-error.ts'

export interface RegistryOptions {
  /** `http://…` or `https://…`, with the path below which its API begins: `http://registry:8081`. */
  readonly url: string
  /** Default: none. */
  readonly auth?: { readonly username: string; readonly password: string } | { readonly token: string }
  /** Of one request. Default 5 s. */
  readonly requestTimeoutMs?: number
}

/** Where requests go, and with what. */
export interface RegistryAccess {
  /** Ends with a slash. */
  readonly base: URL
  readonly headers: Readonly<Record<string, string>>
  readonly requestTimeoutMs: number
}

const DEFAULT_REQUEST_TIMEOUT_MS = 5_000
const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'
const NAMES: ReadonlySet<string> = new Set(['url', 'auth', 'requestTimeoutMs'])

/** Throws `OperationalError` `invalid-option`; no message repeats a value. */
export function registryAccess(options: RegistryOptions): RegistryAccess {
  const unknown = Object.keys(options).find((name) => !NAMES.has(name))
  if (unknown !== undefined) throw wrong(unknown, `one of ${[...NAMES].join(', ')} as the name of an option`)
  const { url, requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS } = options
  const base = URL.canParse(url) ? new URL(url) : null
  if (base === null || !['http:', 'https:'].includes(base.protocol)) throw wrong('url', 'http://… or https://…')
  if (base.username !== '' || base.password !== '') throw wrong('url', 'no user in it: that is said by registry.auth')
  if (!Number.isInteger(requestTimeoutMs) || requestTimeoutMs < 1) throw wrong('requestTimeoutMs', 'milliseconds')
  base.search = ''
  base.hash = ''
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  const headers = {
    accept: `${CONTENT_TYPE}, application/json`,
    'content-type': CONTENT_TYPE,
    ...authorization(options),
  }
  return Object.freeze({ base, headers, requestTimeoutMs })
}

function authorization({ auth }: RegistryOptions): Readonly<Record<string, string>> {
  if (auth === undefined) return {}
  if ('token' in auth && typeof auth.token === 'string') return { authorization: `Bearer ${auth.token}` }
  if ('username' in auth && typeof auth.username === 'string' && typeof auth.password === 'string') {
    return { authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}` }
  }
  throw wrong('auth', '{ username, password } or { token }')
}

function wrong(name: string, expected: string): OperationalError {
  return new OperationalError('invalid-option', `registry.${name}: expected ${expected}`)
}
