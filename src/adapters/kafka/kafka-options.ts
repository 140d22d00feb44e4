/**
 * How to reach a Kafka cluster, and where on it a namespace of Horolog lies.
 *
 * Boundary: a documented type, validated and defaulted by one function. Secrets are in `ssl.key`, `ssl.passphrase`,
 * `sasl.password` and what `sasl.token` gives; no message of this file repeats them.
 */
export interface KafkaOptions {
  /** `host:port`, at least one; the others are learned from it. */
  readonly brokers: readonly string[]
  /** Prefix of all topics and groups. Default `horolog`. */
  readonly namespace?: string
  /** For the broker's logs and quotas. Default `horolog`. */
  readonly clientId?: string
  /** TLS: `true` with the system's certificates. Default: none. */
  readonly ssl?: boolean | KafkaTls
  /** Default: none. */
  readonly sasl?: KafkaSasl
  /** After so long without a heartbeat a member is expelled from its group. Default 10 s. */
  readonly sessionTimeoutMs?: number
  /** At most half the session time-out. Default: a tenth of it. */
  readonly heartbeatIntervalMs?: number
  /** How long a group waits for its members to join again. Default: the session time-out. */
  readonly rebalanceTimeoutMs?: number
  /** To connect, and to authenticate. Default 5 s. */
  readonly connectionTimeoutMs?: number
  /** From a request to its answer. Default 15 s. */
  readonly requestTimeoutMs?: number
}

/** Certificates and keys in PEM form. */
export interface KafkaTls {
  /** Instead of the system's certificates. */
  readonly ca?: string
  /** The client's certificate and key, where the broker wants them. */
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
  /** Expected in the broker's certificate. Default: the host. */
  readonly servername?: string
  /** Default true. */
  readonly rejectUnauthorized?: boolean
}

export type KafkaSasl =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly username: string
      readonly password: string
    }
  | {
      readonly mechanism: 'oauthbearer'
      /** Gives a token that is valid now; called for each connection and again before a session ends. */
      readonly token: () => Promise<string>
    }

/** Validated, everything filled in. */
export interface KafkaSettings {
  readonly brokers: readonly string[]
  readonly namespace: string
  readonly clientId: string
  readonly ssl: KafkaTls | null
  readonly sasl: KafkaSasl | null
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly rebalanceTimeoutMs: number
  readonly connectionTimeoutMs: number
  readonly requestTimeoutMs: number
}

/** An option of the connection that can't be used: its path and what was expected. */
export class KafkaOptionError extends Error {
  override readonly name: string = 'KafkaOptionError'
  readonly code = 'invalid-option'
  readonly path: string

  constructor(path: string, expected: string) {
    super(`${path}: expected ${expected}`)
    this.path = path
  }
}

const DEFAULT_NAMESPACE = 'horolog'
const DEFAULT_PORT = '9092'
const SESSION_TIMEOUT_MS = 10_000
const CONNECTION_TIMEOUT_MS = 5_000
const REQUEST_TIMEOUT_MS = 15_000
const HEARTBEATS_PER_SESSION = 10
const MAX_TIME_MS = 3_600_000

/** Leaves 100 of Kafka's 249 characters to what stands behind it. */
const NAMESPACE = /^[A-Za-z0-9._-]{1,100}$/
const ADDRESS = /^[^\s:/@,]+:\d{1,5}$/
const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] as const

/** Throws `KafkaOptionError`. */
export function kafkaSettings(options: KafkaOptions): KafkaSettings {
  const sessionTimeoutMs = time(options.sessionTimeoutMs, 'sessionTimeoutMs', SESSION_TIMEOUT_MS)
  const heartbeatIntervalMs = time(
    options.heartbeatIntervalMs,
    'heartbeatIntervalMs',
    Math.max(1, Math.floor(sessionTimeoutMs / HEARTBEATS_PER_SESSION)),
  )
  if (heartbeatIntervalMs * 2 > sessionTimeoutMs)
    throw new KafkaOptionError('heartbeatIntervalMs', `at most half of sessionTimeoutMs (${sessionTimeoutMs})`)
  const namespace = options.namespace ?? DEFAULT_NAMESPACE
  if (!NAMESPACE.test(namespace))
    throw new KafkaOptionError('namespace', '1 to 100 of the characters A-Z a-z 0-9 . _ -')
  return Object.freeze({
    brokers: Object.freeze(brokers(options.brokers)),
    namespace,
    clientId: options.clientId ?? DEFAULT_NAMESPACE,
    ssl: options.ssl === true ? {} : options.ssl === false ? null : (options.ssl ?? null),
    sasl: options.sasl === undefined ? null : sasl(options.sasl),
    sessionTimeoutMs,
    heartbeatIntervalMs,
    rebalanceTimeoutMs: time(options.rebalanceTimeoutMs, 'rebalanceTimeoutMs', sessionTimeoutMs),
    connectionTimeoutMs: time(options.connectionTimeoutMs, 'connectionTimeoutMs', CONNECTION_TIMEOUT_MS),
    requestTimeoutMs: time(options.requestTimeoutMs, 'requestTimeoutMs', REQUEST_TIMEOUT_MS),
  })
}

function brokers(given: readonly string[]): string[] {
  if (given.length === 0) throw new KafkaOptionError('brokers', 'at least one host:port')
  return given.map((one, index) => {
    const address = /:\d+$/.test(one) ? one : `${one}:${DEFAULT_PORT}`
    if (!ADDRESS.test(address)) throw new KafkaOptionError(`brokers[${index}]`, 'host:port')
    return address
  })
}

function sasl(given: KafkaSasl): KafkaSasl {
  if (!MECHANISMS.includes(given.mechanism)) throw new KafkaOptionError('sasl.mechanism', MECHANISMS.join(' | '))
  if (given.mechanism === 'oauthbearer') {
    if (typeof given.token !== 'function') throw new KafkaOptionError('sasl.token', 'a function that gives a token')
    return given
  }
  if (typeof given.username !== 'string' || given.username === '') throw new KafkaOptionError('sasl.username', 'a text')
  if (typeof given.password !== 'string' || given.password === '') throw new KafkaOptionError('sasl.password', 'a text')
  return given
}

function time(given: number | undefined, path: string, otherwise: number): number {
  const value = given ?? otherwise
  if (Number.isInteger(value) && value >= 1 && value <= MAX_TIME_MS) return value
  throw new KafkaOptionError(path, `whole milliseconds from 1 to ${MAX_TIME_MS}`)
}

const TIMES = [
  'sessionTimeoutMs',
  'heartbeatIntervalMs',
  'rebalanceTimeoutMs',
  'connectionTimeoutMs',
  'requestTimeoutMs',
] as const

/**
 * `kafka://host1:9092,host2:9092/namespace?sessionTimeoutMs=10000`. The port is 9092 and the namespace `horolog` where
 * they are missing. `kafkas://` is TLS, with the system's certificates unless `others` has some. What the address says wins
 * over `others`, which may also name the brokers: `kafka:///namespace`. Secrets have no place in an address, which ends up in
 * logs and process lists: a user or a password in it is refused. Throws `KafkaOptionError`.
 */
export function parseKafkaUrl(url: string, others: Partial<KafkaOptions> = {}): KafkaOptions {
  const parts = /^(kafkas?):\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(url)
  if (parts === null) throw new KafkaOptionError('log', 'kafka://host:9092[,host:9092…][/namespace][?option=value…]')
  const [, scheme, hosts = '', namespace = '', query = ''] = parts
  if (hosts.includes('@'))
    throw new KafkaOptionError('log', 'no user and password in the address: they are options of their own')
  const isTls = scheme === 'kafkas'
  if (isTls && others.ssl === false) throw new KafkaOptionError('ssl', 'TLS, as kafkas:// in the address says')
  const options: KafkaOptions = {
    brokers: [],
    ...others,
    ...(hosts === '' ? {} : { brokers: hosts.split(',') }),
    ...(namespace === '' ? {} : { namespace: decodeURIComponent(namespace) }),
    ...(isTls && others.ssl === undefined ? { ssl: true } : {}),
    ...fromQuery(query),
  }
  kafkaSettings(options)
  return options
}

function fromQuery(query: string): Partial<KafkaOptions> {
  const found: Record<string, string | number> = {}
  for (const [name, value] of new URLSearchParams(query)) {
    if (TIMES.some((one) => one === name)) found[name] = Number(value)
    else if (name === 'clientId') found[name] = value
    else throw new KafkaOptionError(`log?${name}`, `one of clientId, ${TIMES.join(', ')}`)
  }
  return found
}
