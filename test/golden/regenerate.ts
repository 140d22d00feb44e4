/**
 * Writes the golden bytes and fingerprints. Run by hand, `node test/golden/regenerate.ts`, and only for what has not been
 * released: a golden value that changes later means that old logs can't be read.
 */
import { writeFileSync } from 'node:fs'

import { schemaStore } from '../../src/codec/schema-store.ts'
import { encodeSamples } from './encode-samples.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const write = (file: string, entries: Iterable<readonly [string, string]>): void => {
  const sorted = Object.fromEntries([...entries].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(new URL(file, import.meta.url), `${JSON.stringify(sorted, null, 2)}\n`)
}

write('fingerprints.json', [...schemaStore().byName.values()].map((one) => [one.name, hex(one.fingerprint)] as const))
write('records.json', [...encodeSamples()].map(([name, bytes]) => [name, hex(bytes)] as const))
