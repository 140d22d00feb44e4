/** Addresses and options of a Kafka connection. */
import { describe, expect, test } from 'vitest'
import { type KafkaOptions, kafkaSettings, parseKafkaUrl } from '../../../src/adapters/kafka/kafka-options.ts'

describe('an address', () => {
  test('names brokers, namespace and times', () => {
    expect(parseKafkaUrl('kafka://a:9093,b/orders?sessionTimeoutMs=2000&heartbeatIntervalMs=250&clientId=x')).toEqual({
      brokers: ['a:9093', 'b'],
      namespace: 'orders',
      sessionTimeoutMs: 2_000,
      heartbeatIntervalMs: 250,
      clientId: 'x',
    })
    expect(parseKafkaUrl('kafkas://a')).toEqual({ brokers: ['a'], ssl: true })
  })

  test('wins over the other options, but leaves them certificates and brokers that it does not name', () => {
    const others = { brokers: ['c:1'], namespace: 'other', ssl: { ca: 'PEM' }, clientId: 'y' }
    expect(parseKafkaUrl('kafkas:///orders', others)).toEqual({ ...others, namespace: 'orders' })
    expect(parseKafkaUrl('kafka://a', others)).toEqual({ ...others, brokers: ['a'] })
  })

  test.each([
    ['kafka://', 'brokers'],
    ['kafka://a b', 'brokers[0]'],
    ['kafka://a:port', 'brokers[0]'],
    ['kafka:a', 'log'],
    ['kafka://a/name space', 'namespace'],
    ['kafka://a/x?password=hush', 'log?password'],
    ['kafka://user:hush@a', 'log'],
    ['kafka://a?sessionTimeoutMs=soon', 'sessionTimeoutMs'],
    ['kafka://a?sessionTimeoutMs=1000&heartbeatIntervalMs=600', 'heartbeatIntervalMs'],
  ])('is refused with the place named: %s', (url, path) => {
    expect(() => parseKafkaUrl(url)).toThrow(expect.objectContaining({ name: 'KafkaOptionError', path }))
    expect(() => parseKafkaUrl(url)).not.toThrow('hush')
  })

  test('that says TLS is refused where an option says none', () => {
    expect(() => parseKafkaUrl('kafkas://a', { ssl: false })).toThrow(expect.objectContaining({ path: 'ssl' }))
  })
})

describe('options', () => {
  test('have defaults', () => {
    expect(kafkaSettings({ brokers: ['a'] })).toEqual({
      brokers: ['a:9092'],
      namespace: 'horolog',
      clientId: 'horolog',
      ssl: null,
      sasl: null,
      sessionTimeoutMs: 10_000,
      heartbeatIntervalMs: 1_000,
      rebalanceTimeoutMs: 10_000,
      connectionTimeoutMs: 5_000,
      requestTimeoutMs: 15_000,
    })
  })

  test.each([
    [{ brokers: [] }, 'brokers'],
    [{ namespace: 'a/b' }, 'namespace'],
    [{ namespace: 'n'.repeat(101) }, 'namespace'],
    [{ requestTimeoutMs: 0 }, 'requestTimeoutMs'],
    [{ requestTimeoutMs: 1.5 }, 'requestTimeoutMs'],
    [{ sasl: { mechanism: 'gssapi', username: 'a', password: 'hush' } }, 'sasl.mechanism'],
    [{ sasl: { mechanism: 'plain', username: '', password: 'hush' } }, 'sasl.username'],
    [{ sasl: { mechanism: 'plain', username: 'a' } }, 'sasl.password'],
    [{ sasl: { mechanism: 'oauthbearer', token: 'hush' } }, 'sasl.token'],
  ])('that can not be used are refused with the place named: %o', (wrong, path) => {
    const options = { brokers: ['a'], ...wrong } as KafkaOptions
    expect(() => kafkaSettings(options)).toThrow(expect.objectContaining({ name: 'KafkaOptionError', path }))
    expect(() => kafkaSettings(options)).not.toThrow('hush')
  })
})
