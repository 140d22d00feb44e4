/** SASL, TLS and ACLs on a real broker; and that no secret is ever in an error or a log line. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { KafkaOptions } from '../../src/adapters/kafka/kafka-options.ts'
import { openKafkaLog } from '../../src/adapters/kafka/kafka-log.ts'
import { createKafkaOutbox } from '../../src/adapters/kafka/kafka-outbox.ts'
import { applyTopics } from '../../src/adapters/kafka/topics.ts'
import { LogError } from '../../src/ports/event-log.ts'
import type { Logger } from '../../src/ports/telemetry.ts'
import { batch, readAll, refusal } from '../contract/event-log.ts'
import { kafkaAt } from '../support/kafka/batches.ts'
import { type KafkaBroker, startBroker } from '../support/kafka/broker.ts'
import { runCommand } from '../support/kafka/command.ts'
import { describeWithBrokers, uniqueName } from '../support/kafka/on-kafka.ts'

const EVENTS = { topic: 'events', partition: 0 }
const PASSWORD = 'a-secret-of-ann'
const LOGIN = 'org.apache.kafka.common.security'

describeWithBrokers('a broker that asks who comes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'horolog-tls-'))
  const namespace = uniqueName('secure')
  const lines: string[] = []
  const line = (details: object, message: string): void =>
    void lines.push(`${inspect(details, { depth: 9 })} ${message}`)
  const logger: Logger = { debug: line, info: line, warn: line, error: line }
  const pem = (name: string): string => readFileSync(join(folder, name), 'utf8')
  let broker: KafkaBroker

  beforeAll(async () => {
    await certificates(folder)
    const store = (listener: string) => ({
      [`listener.name.${listener}.ssl.keystore.type`]: 'PEM',
      [`listener.name.${listener}.ssl.keystore.location`]: join(folder, 'server.pem'),
      [`listener.name.${listener}.ssl.truststore.type`]: 'PEM',
      [`listener.name.${listener}.ssl.truststore.location`]: join(folder, 'ca.pem'),
    })
    broker = await startBroker({
      listeners: { SASL: 'SASL_PLAINTEXT', BOTH: 'SASL_SSL', MUTUAL: 'SSL' },
      scramUsers: { ann: PASSWORD, bob: 'bobs-secret' },
      properties: {
        'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
        'listener.name.sasl.plain.sasl.jaas.config': `${LOGIN}.plain.PlainLoginModule required user_ann="${PASSWORD}";`,
        'listener.name.sasl.scram-sha-256.sasl.jaas.config': `${LOGIN}.scram.ScramLoginModule required;`,
        'listener.name.sasl.scram-sha-512.sasl.jaas.config': `${LOGIN}.scram.ScramLoginModule required;`,
        'listener.name.both.sasl.enabled.mechanisms': 'SCRAM-SHA-512',
        'listener.name.both.scram-sha-512.sasl.jaas.config': `${LOGIN}.scram.ScramLoginModule required;`,
        ...store('both'),
        ...store('mutual'),
        'listener.name.mutual.ssl.client.auth': 'required',
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS;User:ann;User:CN=client',
      },
    })
    await applyTopics({ brokers: broker.brokers, namespace, partitions: 1 })
  })
  afterAll(async () => {
    await broker.stop()
    rmSync(folder, { recursive: true })
  })

  const at = (listener: string, more: Partial<KafkaOptions>) => ({
    brokers: broker.listenerAddress(listener),
    namespace,
    logger,
    now: () => Date.now(),
    ...more,
  })
  const scram = (username: string, password: string) =>
    ({ sasl: { mechanism: 'scram-sha-512', username, password } }) as const

  /** Appends, is told, reads and joins; gives how many records it wrote and read. */
  async function works(options: ReturnType<typeof at>): Promise<number> {
    const log = await openKafkaLog(options)
    const end = await log.end(EVENTS)
    const assigned = new Promise<void>((resolve) => {
      log
        .join(
          { name: 'a test', assigned: () => resolve(), lost: () => undefined },
          { id: uniqueName('g'), topic: 'commands' },
        )
        .catch(() => undefined)
    })
    const told = new Promise<void>((resolve) => {
      log.watch(EVENTS, resolve)
    })
    await log.append(EVENTS, batch('a', 2))
    await Promise.all([assigned, told])
    const read = await readAll(log, EVENTS)
    await log.close()
    return read.length - end
  }

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'lets in who knows the password: %s',
    async (mechanism) => {
      expect(await works(at('SASL', { sasl: { mechanism, username: 'ann', password: PASSWORD } }))).toBe(2)
    },
  )

  test('lets in who trusts its certificate and knows the password', async () => {
    expect(await works(at('BOTH', { ...scram('ann', PASSWORD), ssl: { ca: pem('ca.pem') } }))).toBe(2)
  })

  test('lets in who has a certificate that it trusts', async () => {
    const ssl = { ca: pem('ca.pem'), cert: pem('client.crt'), key: pem('client.key') }
    expect(await works(at('MUTUAL', { ssl }))).toBe(2)
  })

  test('is not trusted without its certificate, nor lets in who has none', async () => {
    await expect(openKafkaLog(at('BOTH', { ...scram('ann', PASSWORD), ssl: true }))).rejects.toMatchObject(
      refusal('unavailable'),
    )
    await expect(openKafkaLog(at('MUTUAL', { ssl: { ca: pem('ca.pem') } }))).rejects.toMatchObject(
      refusal('unavailable'),
    )
  })

  test.each(['plain', 'scram-sha-512'] as const)(
    'refuses a wrong password as not authorized: %s',
    async (mechanism) => {
      const sasl = { mechanism, username: 'ann', password: `${PASSWORD}-wrong` }
      await expect(openKafkaLog(at('SASL', { sasl }))).rejects.toMatchObject(refusal('not-authorized'))
    },
  )

  test('refuses what an ACL does not allow as not authorized: opening, appending, joining, sending', async () => {
    await expect(openKafkaLog(at('SASL', scram('bob', 'bobs-secret')))).rejects.toMatchObject(refusal('not-authorized'))
    const outbox = createKafkaOutbox(at('SASL', scram('bob', 'bobs-secret')))
    const headers = [] as const
    await expect(outbox.send({ topic: 'replies', key: null, value: null, headers })).rejects.toMatchObject(
      refusal('not-authorized'),
    )
    await outbox.close()
  })

  test('lets one decide who may not see how the topics are set, and that is told', async () => {
    const admin = kafkaAt(broker.brokers).admin()
    await admin.connect()
    const acl = {
      resourceType: AclResourceTypes.TOPIC,
      resourceName: namespace,
      resourcePatternType: ResourcePatternTypes.PREFIXED,
      principal: 'User:bob',
      host: '*',
      operation: AclOperationTypes.WRITE,
      permissionType: AclPermissionTypes.ALLOW,
    }
    await admin.createAcls({ acl: [acl] })
    const before = lines.length
    await (await openKafkaLog({ ...at('SASL', scram('bob', 'bobs-secret')), decides: true })).close()
    expect(lines.slice(before)).toEqual([expect.stringContaining('are not checked: this user may not DescribeConfigs')])
    await admin.deleteAcls({ filters: [acl] })
    await admin.disconnect()
  })

  test('never sees its secrets repeated in an error or a log line', async () => {
    const errors: unknown[] = []
    const attempts: Partial<KafkaOptions>[] = [
      { sasl: { mechanism: 'plain', username: 'ann', password: 'hush-1' } },
      { sasl: { mechanism: 'scram-sha-256', username: 'ann', password: 'hush-2' } },
      { sasl: { mechanism: 'oauthbearer', token: async () => 'hush-3' } },
      { ssl: { ca: pem('ca.pem'), key: 'hush-4', cert: 'x' }, ...scram('ann', 'hush-5') },
    ]
    for (const attempt of attempts)
      for (const listener of ['SASL', 'BOTH'])
        errors.push(await openKafkaLog(at(listener, attempt)).catch((err: unknown) => err))
    expect(errors.every((err) => err instanceof LogError)).toBe(true)
    const said = [...errors.map((err) => inspect(err, { depth: 9, showHidden: true })), ...lines].join('\n')
    expect(said).not.toMatch(/hush/)
    expect(said).not.toContain(PASSWORD)
    expect(said).not.toContain(Buffer.from('hush').toString('base64').slice(0, 5))
  })
})

/** A certificate authority, a server and a client, in PEM form. */
async function certificates(folder: string): Promise<void> {
  const file = (name: string): string => join(folder, name)
  const openssl = async (...args: string[]): Promise<void> => {
    const { code, output } = await runCommand('openssl', args)
    if (code !== 0) throw new Error(`openssl ${args.join(' ')}: ${output}`)
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  await openssl(
    'req',
    '-x509',
    ...key,
    '-subj',
    '/CN=test authority',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
  )
  for (const [name, more] of [
    ['server', ['-addext', 'subjectAltName=IP:127.0.0.1']],
    ['client', []],
  ] as const) {
    const out = ['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)]
    const authority = ['-CA', file('ca.pem'), '-CAkey', file('ca.key')]
    await openssl('req', '-x509', ...key, '-subj', `/CN=${name}`, ...more, ...authority, ...out)
  }
  await runCommand('sh', ['-c', `cat '${file('server.key')}' '${file('server.crt')}' > '${file('server.pem')}'`])
}
