import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import { stateStoreContract } from '../contract/state-store.ts'

stateStoreContract('the memory store', async () => {
  const store = createMemoryStore()
  return { store, dispose: () => store.close() }
})
