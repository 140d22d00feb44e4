/** Where a store keeps what can be made again from its log. */
import { createMemoryStore } from './adapters/memory/memory-store.ts'
import { createStateCodec } from './codec/state-codec.ts'
import type { PartitionOptions } from './materializer/partition-options.ts'
import type { StateStore } from './ports/state-store.ts'

/** null: in memory, and gone with the process. */
export function kept(state: StateStore | null): Pick<PartitionOptions, 'store' | 'checkpoints'> {
  const stateCodec = createStateCodec()
  return { store: state ?? createMemoryStore(), checkpoints: { stateCodec, isStoreKept: state !== null } }
}
