/**
 * What every adapter of the store port promises, as tests. An adapter's own test file opens it and says what else it does.
 *
 * Boundary: only the port.
 */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { StateStore } from '../../src/ports/state-store.ts'

export interface StoreUnderTest {
  /** Empty. */
  readonly store: StateStore
  /** Closes it and removes what it left. */
  readonly dispose: () => Promise<void>
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const plain = (value: Uint8Array | null): readonly number[] | null => (value === null ? null : [...value])

export function stateStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the promises of the store port`, () => {
    let subject: StoreUnderTest
    let store: StateStore

    beforeEach(async () => {
      subject = await open()
      store = subject.store
    })
    afterEach(() => subject.dispose())

    const keysOf = async (prefix: string, limit = 100, after?: string): Promise<readonly string[]> =>
      (await store.scan(prefix, limit, after)).map(({ key }) => key)

    test('gives back what was written, byte for byte, also nothing at all', async () => {
      await store.write([
        { key: 'a', value: bytes(1, 0, 255) },
        { key: 'empty', value: bytes() },
      ])
      expect(plain(await store.get('a'))).toEqual([1, 0, 255])
      expect(plain(await store.get('empty'))).toEqual([])
      expect((await store.scan('', 10)).map(({ key, value }) => [key, plain(value)])).toEqual([
        ['a', [1, 0, 255]],
        ['empty', []],
      ])
    })

    test('has nothing under a key that was never written, or was deleted', async () => {
      await store.write([{ key: 'a', value: bytes(1) }])
      await store.write([{ key: 'a', value: null }])
      expect(await store.get('a')).toBeNull()
      expect(await store.get('b')).toBeNull()
      expect(await keysOf('')).toEqual([])
    })

    test('takes the last of the rows of one write that have the same key', async () => {
      await store.write([
        { key: 'a', value: bytes(1) },
        { key: 'a', value: null },
        { key: 'b', value: null },
        { key: 'b', value: bytes(2) },
      ])
      expect(await store.get('a')).toBeNull()
      expect(plain(await store.get('b'))).toEqual([2])
    })

    test('lets writes take effect in their order, also when nobody waits in between', async () => {
      const writes = Array.from({ length: 50 }, (_, index) => store.write([{ key: 'a', value: bytes(index) }]))
      expect(plain(await store.get('a')), 'a read sees what was given before').toEqual([49])
      await Promise.all(writes)
      expect(plain(await store.get('a'))).toEqual([49])
    })

    test('scans the keys of a prefix and no others', async () => {
      await store.write(['a', 'a/', 'a/1', 'a/2', 'a0', 'b/1'].map((key) => ({ key, value: bytes(1) })))
      expect(await keysOf('a/')).toEqual(['a/', 'a/1', 'a/2'])
      expect(await keysOf('c')).toEqual([])
    })

    test('scans on after a key, whether it is there or not, at most as many as asked for', async () => {
      await store.write(['k1', 'k2', 'k3', 'k5'].map((key) => ({ key, value: bytes(1) })))
      expect(await keysOf('k', 2)).toEqual(['k1', 'k2'])
      expect(await keysOf('k', 2, 'k2')).toEqual(['k3', 'k5'])
      expect(await keysOf('k', 9, 'k4')).toEqual(['k5'])
      expect(await keysOf('k', 9, 'a')).toEqual(['k1', 'k2', 'k3', 'k5'])
      expect(await keysOf('k', 9, 'l')).toEqual([])
      expect(await keysOf('k', 0)).toEqual([])
    })

    test('scans more rows than it fetches at a time', async () => {
      const keys = Array.from({ length: 3_000 }, (_, index) => `k${String(index).padStart(4, '0')}`)
      await store.write(keys.map((key) => ({ key, value: bytes(1) })))
      expect(await keysOf('k', 2_500)).toEqual(keys.slice(0, 2_500))
      expect(await keysOf('k', 5_000, 'k0999')).toEqual(keys.slice(1_000))
    })

    test('orders keys by UTF-16 code units, whatever they hold', async () => {
      const unit = fc.oneof(
        fc.constantFrom('a', '/', '\u0000', 'ÿ', '߿', 'ࠀ', '\uD7FF', '\u{1F600}', '\u{10FFFF}', '\uE000', '\uFFFF'),
        fc.string({ unit: 'binary', maxLength: 3 }),
      )
      const key = fc
        .array(unit, { minLength: 1, maxLength: 4 })
        .map((parts) => parts.join(''))
        .filter((one) => one !== '')
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 12 }), fc.nat(), async (keys, pick) => {
          await store.write(keys.map((one) => ({ key: one, value: bytes(1) })))
          const sorted = keys.toSorted()
          const after = sorted[pick % sorted.length] ?? ''
          const prefix = after.slice(0, 1)
          const found = [await keysOf(''), await keysOf('', 100, after), await keysOf(prefix)]
          await store.write(keys.map((one) => ({ key: one, value: null })))
          expect(found).toEqual([
            sorted,
            sorted.filter((one) => one > after),
            sorted.filter((one) => one.startsWith(prefix)),
          ])
        }),
        { numRuns: 60 },
      )
    })

    test('settles the writes that are under way when it is closed, which may happen twice', async () => {
      const writes = Array.from({ length: 20 }, (_, index) => store.write([{ key: `k${index}`, value: bytes(1) }]))
      await Promise.all([store.close(), store.close()])
      const settled = await Promise.allSettled(writes)
      expect(settled.map(({ status }) => status)).toEqual(writes.map(() => 'fulfilled'))
    })

    test('refuses everything once it is closed', async () => {
      await store.close()
      await expect(store.write([{ key: 'a', value: bytes(1) }])).rejects.toMatchObject({ code: 'closed' })
      await expect(store.get('a')).rejects.toMatchObject({ code: 'closed' })
      await expect(store.scan('', 1)).rejects.toMatchObject({ code: 'closed' })
    })
  })
}
