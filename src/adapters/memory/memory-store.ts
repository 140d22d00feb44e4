/** A state store in memory. What it holds goes with the process; the log has it all. */
import { StoreError, type StateStore } from '../../ports/state-store.ts'

export function createMemoryStore(): StateStore {
  const rows = new Map<string, Uint8Array>()
  let closed = false
  const mustBeOpen = (): void => {
    if (closed) throw new StoreError('closed', 'the state store is closed')
  }
  return {
    async write(changes) {
      mustBeOpen()
      for (const { key, value } of changes) {
        if (value === null) rows.delete(key)
        else rows.set(key, value)
      }
    },
    async get(key) {
      mustBeOpen()
      return rows.get(key) ?? null
    },
    async scan(prefix, limit, after = '') {
      mustBeOpen()
      const keys = [...rows.keys()].filter((key) => key.startsWith(prefix) && (key > after || after === ''))
      const found = keys.toSorted().slice(0, limit)
      return found.map((key) => ({ key, value: rows.get(key) ?? new Uint8Array(0) }))
    },
    async close() {
      closed = true
      rows.clear()
    },
  }
}
