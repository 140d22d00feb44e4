/** The connection as operators write it: a Java-style properties file, the environment, both. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { kafkaOptionsFromEnvironment, kafkaOptionsFromProperties } from '../../src/config/kafka-options.ts'
import { parseJaasOptions, parseProperties } from '../../src/config/java-properties.ts'

const folder = mkdtempSync(join(tmpdir(), 'horolog-options-'))
afterAll(() => rmSync(folder, { recursive: true }))

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
const PLAIN_MODULE = 'org.apache.kafka.common.security.plain.PlainLoginModule required'

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const fromText = (text: string) => kafkaOptionsFromProperties(parseProperties(text))

describe('a properties file', () => {
  test('gives brokers, times, TLS and a user as a Java client reads them', () => {
    const options = fromText(`
# the cluster
bootstrap.servers = a:9093, \\
    b:9093
client.id: scheduler
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="ann" password="p=\\\\"1;";
session.timeout.ms=12000
heartbeat.interval.ms=500
request.timeout.ms=9000
socket.connection.setup.timeout.ms=3000
acks=all
`)
    expect(options).toEqual({
      brokers: ['a:9093', 'b:9093'],
      clientId: 'scheduler',
      ssl: true,
      sasl: { mechanism: 'scram-sha-512', username: 'ann', password: 'p="1;' },
      sessionTimeoutMs: 12_000,
      heartbeatIntervalMs: 500,
      requestTimeoutMs: 9_000,
      connectionTimeoutMs: 3_000,
    })
  })

  test('gives certificates and a key, inline or by their files', () => {
    const ca = file('ca.pem', PEM)
    const both = file('client.pem', `${PEM}-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----\n`)
    const client = `${PEM}-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----\n`
    expect(
      fromText(`security.protocol=SSL
ssl.truststore.type=PEM
ssl.truststore.location=${ca}
ssl.keystore.type=PEM
ssl.keystore.location=${both}
ssl.key.password=secret`),
    ).toEqual({ ssl: { ca: PEM, cert: client, key: client, passphrase: 'secret' } })
    const inline = PEM.replaceAll('\n', '\\n')
    expect(fromText(`security.protocol=SSL\nssl.truststore.certificates=${inline}`)).toEqual({ ssl: { ca: PEM } })
  })

  test('that says PLAINTEXT says no TLS, and one that says nothing leaves it open', () => {
    expect(fromText('security.protocol=PLAINTEXT')).toEqual({ ssl: false })
    expect(fromText('acks=all')).toEqual({})
  })

  test.each([
    ['security.protocol=SASL', 'security.protocol'],
    ['sasl.mechanism=PLAIN', 'security.protocol'],
    ['security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI', 'sasl.mechanism'],
    ['security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.password=hush', 'sasl.jaas.config'],
    ['security.protocol=SSL\nssl.keystore.type=JKS\nssl.key.password=hush', 'ssl.keystore.type'],
    ['security.protocol=SSL\nssl.truststore.location=/nowhere/hush.pem', 'ssl.truststore.location'],
    ['security.protocol=SSL\nssl.endpoint.identification.algorithm=none', 'ssl.endpoint.identification.algorithm'],
    ['session.timeout.ms=10s', 'session.timeout.ms'],
    [
      'security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.token.endpoint.url=hush',
      'sasl.oauthbearer.token.endpoint.url',
    ],
  ])('is refused with the property named and no value repeated: %s', (text, path) => {
    expect(() => fromText(text)).toThrow(expect.objectContaining({ name: 'KafkaOptionError', path }))
    expect(() => fromText(text)).not.toThrow('hush')
  })
})

describe('a slip in a name is refused, since what was meant would be left out', () => {
  test.each(['security.protocl', 'sasl.mechanisms', 'ssl.ca.locatoin'])('in a file: %s', (path) => {
    expect(() => fromText(`${path}=SSL`)).toThrow(expect.objectContaining({ name: 'KafkaOptionError', path }))
  })

  test('but a property that only other clients have is left alone', () => {
    expect(fromText('ssl.keystore.password=x\nssl.cipher.suites=y\nsasl.login.class=z')).toEqual({})
  })

  test('in the environment, where every name under the prefix is ours', () => {
    const path = 'HOROLOG_KAFKA_SASL_MECHANSIM'
    expect(() => kafkaOptionsFromEnvironment({ [path]: 'PLAIN' })).toThrow(expect.objectContaining({ path }))
  })
})

describe('the environment', () => {
  test('names the file, and wins over it', () => {
    const path = file('kafka.properties', 'bootstrap.servers=a:1\nclient.id=from-file\n')
    expect(kafkaOptionsFromEnvironment({ HOROLOG_KAFKA_PROPERTIES: path, HOROLOG_KAFKA_CLIENT_ID: 'x' })).toEqual({
      brokers: ['a:1'],
      clientId: 'x',
    })
  })

  test('is enough alone', () => {
    expect(
      kafkaOptionsFromEnvironment({
        HOROLOG_KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT',
        HOROLOG_KAFKA_SASL_MECHANISM: 'plain',
        HOROLOG_KAFKA_SASL_USERNAME: 'ann',
        HOROLOG_KAFKA_SASL_PASSWORD: 'secret',
      }),
    ).toEqual({ ssl: false, sasl: { mechanism: 'plain', username: 'ann', password: 'secret' } })
    expect(kafkaOptionsFromEnvironment({})).toEqual({})
  })

  test('with a file that is not there is refused', () => {
    expect(() => kafkaOptionsFromEnvironment({ HOROLOG_KAFKA_PROPERTIES: join(folder, 'none') })).toThrow('ENOENT')
  })
})

describe('a bearer token', () => {
  const sasl = (more: string) => {
    const options = fromText(`security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER\n${more}`)
    if (options.sasl?.mechanism !== 'oauthbearer') throw new Error('no token')
    return options.sasl.token
  }

  test('is read from a file each time', async () => {
    const path = file('token', 'one\n')
    const token = sasl(`sasl.oauthbearer.token.endpoint.url=${pathToFileURL(path).href}`)
    expect(await token()).toBe('one')
    file('token', 'two\n')
    expect(await token()).toBe('two')
  })

  test('is asked for with the client credentials, once for all who wait', async () => {
    const seen: string[] = []
    const server = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (body: string) => seen.push(`${request.headers.authorization} ${body}`))
      request.on('end', () => response.end(JSON.stringify({ access_token: `t${seen.length}`, expires_in: 60 })))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const token = sasl(
      `sasl.oauthbearer.token.endpoint.url=http://127.0.0.1:${port}/token
sasl.jaas.config=${PLAIN_MODULE} clientId="me" clientSecret="hush" scope="kafka";`,
    )
    expect(await Promise.all([token(), token()])).toEqual(['t1', 't1'])
    const credentials = Buffer.from('me:hush').toString('base64')
    expect(seen).toEqual([`Basic ${credentials} grant_type=client_credentials&scope=kafka`])
    server.close()
  })
})

describe("Java's forms", () => {
  test('of properties: separators, escapes, comments, continued lines', () => {
    const text = 'a=1\n b : 2\nc 3\n! no\n#no=1\nd=x\\\n   y\ne\\=f=\\u00e9\\t\\\\\ng\n\nh=1=2\n'
    expect(Object.fromEntries(parseProperties(text))).toEqual({
      a: '1',
      b: '2',
      c: '3',
      d: 'xy',
      'e=f': 'é\t\\',
      g: '',
      h: '1=2',
    })
  })

  test('of a login module: quoted and plain options', () => {
    const text = `${PLAIN_MODULE} username="a b" password="x\\"y\\\\" debug=true;`
    expect(Object.fromEntries(parseJaasOptions(text))).toEqual({ username: 'a b', password: 'x"y\\', debug: 'true' })
  })
})
