// The command line on a listener that asks who it is.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cli, temporaryFolder } from '../cli/cli-process.ts'
import { type KafkaBroker, startBroker } from '../support/kafka/broker.ts'
import { describeWithBrokers } from '../support/kafka/on-kafka.ts'

const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule'

describeWithBrokers('a listener with SCRAM', () => {
  let broker: KafkaBroker

  beforeAll(async () => {
    broker = await startBroker({
      listeners: { SASL: 'SASL_PLAINTEXT' },
      scramUsers: { alice: 'sesame-open' },
      properties: {
        'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
        'listener.name.sasl.scram-sha-512.sasl.jaas.config': `${SCRAM} required;`,
      },
    })
  })
  afterAll(() => broker.stop())

  test('lets in whose properties file has the password, and nobody else; the password is not printed', async () => {
    const folder = temporaryFolder()
    const login = (password: string): string => `${SCRAM} required username="alice" password="${password}";`
    const properties = (password: string): string =>
      `security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\nsasl.jaas.config=${login(password)}\n`
    writeFileSync(join(folder, 'right.properties'), properties('sesame-open'))
    writeFileSync(join(folder, 'wrong.properties'), properties('sesame-shut'))
    const log = ['--log', `kafka://${broker.listenerAddress('SASL').join(',')}/secured`]

    const right = await cli(folder, 'topics', 'apply', ...log, '--kafka-config', 'right.properties')
    expect(right).toMatchObject({ code: 0, stderr: expect.stringContaining('8 topics made') as string })
    expect(await cli(folder, 'jobs', 'ls', ...log, '--kafka-config', 'right.properties')).toMatchObject({ code: 0 })
    const [wrong, none] = await Promise.all([
      cli(folder, 'topics', 'plan', ...log, '--kafka-config', 'wrong.properties'),
      cli(folder, 'topics', 'plan', ...log),
    ])
    expect([wrong.code, none.code]).toEqual([1, 5])
    for (const { stdout, stderr } of [right, wrong, none]) expect(stdout + stderr).not.toContain('sesame')
  })
})
