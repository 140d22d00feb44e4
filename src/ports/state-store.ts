/**
 * Where a partition's state is checkpointed, and where finished runs are kept for queries. A cache, never the truth: it
 * can be deleted at any time and is rebuilt from the log.
 *
 * Boundary: rows are keys and values; what they mean is the materializer's business.
 *
 * Every adapter passes `test/contract/state-store.ts`. A store that outlives its process has after a crash of it all
 * that one `write` wrote or nothing; the last writes may be lost.
 */
export interface StoreRow {
  /** Not empty. */
  readonly key: string
  /** null deletes the key. */
  readonly value: Uint8Array | null
}

export interface StateStore {
  /**
   * Writes all rows or none; calls take effect in their order. Rows of one call with the same key: the last one wins.
   * The values are not changed until it settles. Rejects with `StoreError`, as do the others.
   */
  write(rows: readonly StoreRow[]): Promise<void>
  get(key: string): Promise<Uint8Array | null>
  /** Rows whose keys begin with `prefix`, in key order (UTF-16 code units), at most `limit`, after key `after` when given. */
  scan(
    prefix: string,
    limit: number,
    after?: string,
  ): Promise<readonly { readonly key: string; readonly value: Uint8Array }[]>
  /** Writes under way settle first. Idempotent. */
  close(): Promise<void>
}

/** Why a store failed. Closed list. */
export type StoreErrorCode =
  /** What it is made of is not installed, or does not work on this machine. */
  | 'not-available'
  /** Another has it open. */
  | 'owned'
  /** It is closed. */
  | 'closed'
  /** It can't be read or written. */
  | 'failed'

/** Nothing that the log doesn't have is lost by it. */
export class StoreError extends Error {
  override readonly name: string = 'StoreError'
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}
