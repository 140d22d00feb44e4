import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openRocksStore } from '../../src/adapters/rocksdb/rocksdb-store.ts'
import { stateStoreContract } from '../contract/state-store.ts'
import { temporaryFolder } from './temporary-folder.ts'

stateStoreContract('the store on disk', async () => {
  const { folder, remove } = temporaryFolder()
  const store = await openRocksStore(join(folder, 'state'))
  const dispose = async (): Promise<void> => {
    await store.close()
    remove()
  }
  return { store, dispose }
})

test('what was written is there when it is opened again', async () => {
  const { folder, remove } = temporaryFolder()
  onTestFinished(remove)
  const first = await openRocksStore(folder)
  await first.write([{ key: 'a', value: Uint8Array.of(1) }])
  await first.close()
  const second = await openRocksStore(folder)
  expect(await second.get('a')).toEqual(Buffer.of(1))
  await second.close()
})

test('a folder that another has open is refused as owned', async () => {
  const { folder, remove } = temporaryFolder()
  const first = await openRocksStore(folder)
  onTestFinished(async () => {
    await first.close()
    remove()
  })
  await expect(openRocksStore(folder)).rejects.toMatchObject({ name: 'StoreError', code: 'owned' })
})

test('a folder that can not be made is refused as failed', async () => {
  await expect(openRocksStore('/dev/null/state')).rejects.toMatchObject({ name: 'StoreError', code: 'failed' })
})

test('without its package it says so, in one kind of error', async () => {
  const missing = async (): Promise<never> => {
    throw new Error("Cannot find package 'rocksdb-native'")
  }
  await expect(openRocksStore('unused', missing)).rejects.toMatchObject({
    name: 'StoreError',
    code: 'not-available',
    message: "the package rocksdb-native can't be loaded: Cannot find package 'rocksdb-native'",
  })
})
