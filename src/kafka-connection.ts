/** How a cluster is reached, put together: the address wins over the options, and those over the environment. */
import { type KafkaOptions, parseKafkaUrl } from './adapters/kafka/kafka-options.ts'
import { kafkaOptionsFromEnvironment } from './config/kafka-options.ts'

/** Certificates stay with an address that only says that there is TLS. Throws `KafkaOptionError`. */
export function kafkaConnection(url: string, given: Partial<KafkaOptions> = {}): KafkaOptions {
  const around = { ...kafkaOptionsFromEnvironment(), ...given }
  const address = parseKafkaUrl(url)
  const certificates = address.ssl === true && typeof around.ssl === 'object' ? { ssl: around.ssl } : {}
  return { ...around, ...address, ...certificates }
}
