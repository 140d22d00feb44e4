/**
 * A process of its own that writes to a state store, for a test that kills it: `store-process.ts <folder>`.
 *
 * It writes one number after another under all of its keys at once, and says on stdout which of them were written.
 */
import { openRocksStore } from '../../src/adapters/rocksdb/rocksdb-store.ts'

const KEYS = 50
const store = await openRocksStore(process.argv[2] ?? '')
const last = await store.get('key-0')
for (let number = Number(last === null ? 0 : Buffer.from(last).toString()) + 1; ; number++) {
  const value = Buffer.from(String(number))
  await store.write(Array.from({ length: KEYS }, (_, index) => ({ key: `key-${index}`, value })))
  process.stdout.write(`${number}\n`)
}
