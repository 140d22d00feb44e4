/**
 * A state store in a folder, by the optional package `rocksdb-native`, which is loaded at the first use.
 *
 * A write is in the operating system's hands when it resolves: it survives the end of the process, not that of the
 * machine. What is torn at the end is cut when it is opened again, a whole write at a time.
 * Kept invariants:
 * 1. One batch is under way at a time, so writes take effect in their order; those that come meanwhile go together.
 * 2. The package reads keys and values from where they lie until the batch has settled: neither is touched before.
 */
import { mkdir } from 'node:fs/promises'
import type Native from 'rocksdb-native'
import type { StateStore, StoreRow } from '../../ports/state-store.ts'
import { StoreError } from '../../ports/state-store.ts'
import { behindPrefix, keyBytes, keyText } from './key-order.ts'

/** Rows fetched in one hop to the thread pool: a hop costs as much as ten rows. */
const MOST_ROWS_A_FETCH = 1_024

/** Rejects with `StoreError`: `not-available`, where the package is missing or not made for this machine; `owned`; `failed`. */
export async function openRocksStore(
  folder: string,
  load: () => Promise<{ readonly default: typeof Native }> = () => import('rocksdb-native'),
): Promise<StateStore> {
  let Database: typeof Native
  try {
    Database = (await load()).default
  } catch (cause) {
    throw new StoreError('not-available', `the package rocksdb-native can't be loaded: ${firstLine(cause)}`, cause)
  }
  try {
    await mkdir(folder, { recursive: true })
    const database = new Database(folder)
    await database.ready()
    return new RocksStore(database)
  } catch (cause) {
    const text = firstLine(cause)
    const code = /lock/i.test(text) ? 'owned' : 'failed'
    throw new StoreError(code, `the state store in ${folder} can't be opened: ${text}`, cause)
  }
}

class RocksStore implements StateStore {
  readonly #database: Native
  /** Rows that go with the next batch; null: there is none yet. */
  #gathering: (readonly StoreRow[])[] | null = null
  /** Of the latest batch. */
  #written: Promise<void> = Promise.resolve()
  /** The same, and never rejects. */
  #settled: Promise<void> = Promise.resolve()
  #closing: Promise<void> | null = null

  constructor(database: Native) {
    this.#database = database
  }

  write(rows: readonly StoreRow[]): Promise<void> {
    if (this.#closing !== null) return Promise.reject(closed())
    if (rows.length === 0) return Promise.resolve()
    if (this.#gathering !== null) this.#gathering.push(rows)
    else {
      const gathered = [rows]
      this.#gathering = gathered
      this.#written = this.#settled.then(() => {
        this.#gathering = null
        return this.#writeBatch(gathered)
      })
      this.#settled = this.#written.catch(() => undefined)
    }
    return this.#written
  }

  async get(key: string): Promise<Uint8Array | null> {
    this.#mustBeOpen()
    // What was given to be written before is there.
    await this.#settled
    try {
      return await this.#database.get(keyBytes(key))
    } catch (cause) {
      throw failed(cause)
    }
  }

  async scan(prefix: string, limit: number, after?: string): ReturnType<StateStore['scan']> {
    this.#mustBeOpen()
    await this.#settled
    const start = keyBytes(prefix)
    const end = behindPrefix(start)
    const last = after === undefined || after < prefix ? null : keyBytes(after)
    const range = {
      ...(last === null ? (start.length > 0 ? { gte: start } : {}) : { gt: last }),
      ...(end === null ? {} : { lt: end }),
    }
    const found: { key: string; value: Uint8Array }[] = []
    if (limit <= 0) return found
    const fetched = { limit, capacity: Math.min(limit, MOST_ROWS_A_FETCH) }
    try {
      for await (const { key, value } of this.#database.iterator(range, fetched)) {
        found.push({ key: keyText(key), value })
      }
    } catch (cause) {
      throw failed(cause)
    }
    return found
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#settled
    try {
      await this.#database.close()
    } catch (cause) {
      throw failed(cause)
    }
  }

  async #writeBatch(gathered: readonly (readonly StoreRow[])[]): Promise<void> {
    const capacity = gathered.reduce((sum, rows) => sum + rows.length, 0)
    try {
      const batch = this.#database.write({ capacity, autoDestroy: true })
      for (const rows of gathered) {
        for (const { key, value } of rows) {
          if (value === null) batch.tryDelete(keyBytes(key))
          else batch.tryPut(keyBytes(key), value)
        }
      }
      await batch.flush()
    } catch (cause) {
      throw failed(cause)
    }
  }

  #mustBeOpen(): void {
    if (this.#closing !== null) throw closed()
  }
}

function closed(): StoreError {
  return new StoreError('closed', 'the state store is closed')
}

function failed(cause: unknown): StoreError {
  return new StoreError('failed', `the state store failed: ${firstLine(cause)}`, cause)
}

function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0] ?? ''
}
