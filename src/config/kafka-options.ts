/**
 * The connection to a Kafka cluster as operators write it: the properties of Kafka's own clients, in a file, in the
 * environment, or both. `HOROLOG_KAFKA_PROPERTIES` names the file; each property may stand in the environment as
 * `HOROLOG_KAFKA_` and its name in capitals with `_` for `.`, which wins over the file.
 *
 * Boundary: gives what is said there, to be merged with an address (`parseKafkaUrl`); properties that only other clients
 * have are left alone, those that would make a connection less safe than they say are refused, and so is a name that is one or
 * two letters away from one that is read. No message repeats a value.
 */
import { readFileSync } from 'node:fs'
import { type KafkaOptions, KafkaOptionError, type KafkaSasl, type KafkaTls } from '../adapters/kafka/kafka-options.ts'
import { oauthTokens } from '../adapters/kafka/oauth-tokens.ts'
import { hintAt } from '../core/nearest-name.ts'
import { type Properties, parseJaasOptions, parseProperties } from './java-properties.ts'

const PREFIX = 'HOROLOG_KAFKA_'
const FILE_VARIABLE = `${PREFIX}PROPERTIES`

/** What each property is called that is read; librdkafka's names stand beside Java's. */
const NAMES = [
  'bootstrap.servers',
  'client.id',
  'security.protocol',
  'sasl.mechanism',
  'sasl.username',
  'sasl.password',
  'sasl.jaas.config',
  'sasl.oauthbearer.token.endpoint.url',
  'sasl.oauthbearer.client.credentials.client.id',
  'sasl.oauthbearer.client.credentials.client.secret',
  'sasl.oauthbearer.scope',
  'ssl.truststore.type',
  'ssl.truststore.certificates',
  'ssl.truststore.location',
  'ssl.ca.location',
  'ssl.keystore.type',
  'ssl.keystore.certificate.chain',
  'ssl.keystore.key',
  'ssl.keystore.location',
  'ssl.certificate.location',
  'ssl.key.location',
  'ssl.key.password',
  'ssl.endpoint.identification.algorithm',
  'session.timeout.ms',
  'heartbeat.interval.ms',
  'request.timeout.ms',
  'socket.connection.setup.timeout.ms',
] as const

type Name = (typeof NAMES)[number]
type Get = (name: Name) => string | undefined

/** Throws `KafkaOptionError`. `variables`: default the environment of this process. */
export function kafkaOptionsFromEnvironment(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Partial<KafkaOptions> {
  const file = variables[FILE_VARIABLE]
  const properties: Properties = new Map(
    file === undefined || file === '' ? [] : parseProperties(textOf(file, FILE_VARIABLE)),
  )
  const known = [FILE_VARIABLE, ...NAMES.map(variableOf)]
  const unknown = Object.keys(variables).find((name) => name.startsWith(PREFIX) && !known.includes(name))
  if (unknown !== undefined) throw new KafkaOptionError(unknown, `the name of a property${hintAt(unknown, known)}`)
  for (const name of NAMES) {
    const value = variables[variableOf(name)]
    if (value !== undefined && value !== '') properties.set(name, value)
  }
  return kafkaOptionsFromProperties(properties)
}

function variableOf(name: Name): string {
  return `${PREFIX}${name.toUpperCase().replaceAll('.', '_')}`
}

/** Throws `KafkaOptionError`. */
export function kafkaOptionsFromProperties(properties: Properties): Partial<KafkaOptions> {
  for (const name of properties.keys()) mustBeNoSlip(name)
  const get: Get = (name) => properties.get(name) || undefined
  const protocol = securityProtocol(get)
  const servers = get('bootstrap.servers')
  const clientId = get('client.id')
  return {
    ...(servers === undefined ? {} : { brokers: servers.split(',').map((one) => one.trim()) }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(protocol === null ? {} : { ssl: protocol.isTls ? tls(get) : false }),
    ...(protocol?.isSasl === true ? { sasl: sasl(get) } : {}),
    ...time(get, 'session.timeout.ms', 'sessionTimeoutMs'),
    ...time(get, 'heartbeat.interval.ms', 'heartbeatIntervalMs'),
    ...time(get, 'request.timeout.ms', 'requestTimeoutMs'),
    ...time(get, 'socket.connection.setup.timeout.ms', 'connectionTimeoutMs'),
  }
}

/** Left out, `security.protocl` would send in the clear what was to be encrypted. */
const GUARDED = /^(?:security|sasl|ssl)\./
/** With more letters wrong it is another property: those of other clients are close to each other. */
const MAX_SLIPS = 2

function mustBeNoSlip(name: string): void {
  if (!GUARDED.test(name) || NAMES.some((known) => known === name)) return
  const hint = hintAt(name, NAMES, MAX_SLIPS)
  if (hint !== '') throw new KafkaOptionError(name, `the name of a property${hint}`)
}

const PROTOCOLS: Readonly<Record<string, { readonly isTls: boolean; readonly isSasl: boolean }>> = {
  PLAINTEXT: { isTls: false, isSasl: false },
  SSL: { isTls: true, isSasl: false },
  SASL_PLAINTEXT: { isTls: false, isSasl: true },
  SASL_SSL: { isTls: true, isSasl: true },
}

/** null: nothing is said, so an address decides. */
function securityProtocol(get: Get): { readonly isTls: boolean; readonly isSasl: boolean } | null {
  const given = get('security.protocol')
  const known = given === undefined ? undefined : PROTOCOLS[given.toUpperCase()]
  if (given !== undefined && known === undefined)
    throw new KafkaOptionError('security.protocol', Object.keys(PROTOCOLS).join(' | '))
  if (known?.isSasl !== true && get('sasl.mechanism') !== undefined)
    throw new KafkaOptionError('security.protocol', 'SASL_SSL or SASL_PLAINTEXT, since there is a sasl.mechanism')
  return known ?? null
}

function sasl(get: Get): KafkaSasl {
  const mechanism = get('sasl.mechanism')?.toLowerCase()
  const jaas = parseJaasOptions(get('sasl.jaas.config') ?? '')
  switch (mechanism) {
    case 'plain':
    case 'scram-sha-256':
    case 'scram-sha-512': {
      const username = get('sasl.username') ?? jaas.get('username')
      const password = get('sasl.password') ?? jaas.get('password')
      if (username === undefined || password === undefined)
        throw new KafkaOptionError(
          'sasl.jaas.config',
          'username="…" and password="…", or sasl.username and sasl.password',
        )
      return { mechanism, username, password }
    }
    case 'oauthbearer':
      return { mechanism, token: token(get, jaas) }
    default:
      throw new KafkaOptionError('sasl.mechanism', 'PLAIN | SCRAM-SHA-256 | SCRAM-SHA-512 | OAUTHBEARER')
  }
}

function token(get: Get, jaas: Properties): () => Promise<string> {
  const endpoint = get('sasl.oauthbearer.token.endpoint.url')
  if (endpoint === undefined || !URL.canParse(endpoint))
    throw new KafkaOptionError('sasl.oauthbearer.token.endpoint.url', 'https://… or file:///path of a token')
  const clientId = get('sasl.oauthbearer.client.credentials.client.id') ?? jaas.get('clientId')
  const clientSecret = get('sasl.oauthbearer.client.credentials.client.secret') ?? jaas.get('clientSecret')
  const scope = get('sasl.oauthbearer.scope') ?? jaas.get('scope')
  const url = new URL(endpoint)
  if (url.protocol === 'file:') return async () => textOf(url, 'sasl.oauthbearer.token.endpoint.url').trim()
  if (clientId === undefined || clientSecret === undefined)
    throw new KafkaOptionError('sasl.jaas.config', 'clientId="…" and clientSecret="…"')
  return oauthTokens({ endpoint: url, clientId, clientSecret, scope: scope ?? null })
}

/** `true`: with the system's certificates. */
function tls(get: Get): true | KafkaTls {
  for (const name of ['ssl.truststore.type', 'ssl.keystore.type'] as const) {
    if (get(name) !== undefined && get(name)?.toUpperCase() !== 'PEM')
      throw new KafkaOptionError(name, 'PEM; a JKS or PKCS12 store can be exported as PEM')
  }
  const ca = pem(get, 'ssl.truststore.certificates', 'ssl.truststore.location', 'ssl.ca.location')
  const cert = pem(get, 'ssl.keystore.certificate.chain', 'ssl.keystore.location', 'ssl.certificate.location')
  const key = pem(get, 'ssl.keystore.key', 'ssl.keystore.location', 'ssl.key.location')
  const passphrase = get('ssl.key.password')
  const algorithm = get('ssl.endpoint.identification.algorithm')
  if (algorithm !== undefined && algorithm.toLowerCase() !== 'https')
    throw new KafkaOptionError(
      'ssl.endpoint.identification.algorithm',
      'https: the name in a certificate is always checked',
    )
  const options = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  }
  return Object.keys(options).length === 0 ? true : options
}

/** From the property itself, else from a file that another one names. */
function pem(get: Get, inline: Name, ...locations: Name[]): string | undefined {
  const given = get(inline)
  if (given !== undefined) return given
  const location = locations.find((name) => get(name) !== undefined)
  if (location === undefined) return undefined
  const text = textOf(get(location) ?? '', location)
  if (!text.includes('-----BEGIN')) throw new KafkaOptionError(location, 'a file in PEM form')
  return text
}

function time(get: Get, name: Name, option: keyof KafkaOptions): Partial<KafkaOptions> {
  const given = get(name)
  if (given === undefined) return {}
  if (!/^\d{1,9}$/.test(given)) throw new KafkaOptionError(name, 'whole milliseconds')
  return { [option]: Number(given) }
}

function textOf(file: string | URL, name: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (err) {
    const why = err instanceof Error && 'code' in err ? ` (${String(err.code)})` : ''
    throw new KafkaOptionError(name, `a file that can be read${why}`)
  }
}
