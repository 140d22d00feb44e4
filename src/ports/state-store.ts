/**
 * Where a partition's state is checkpointed, and where finished runs are kept for queries. A cache, never the truth: it
 * can be deleted at any time and is rebuilt from the log.
 *
 * Boundary: rows are keys and values; what they mean is the materializer's business.
 */
export interface StoreRow {
  readonly key: string
  /** null deletes the key. */
  readonly value: Uint8Array | null
}

export interface StateStore {
  /** Writes all rows or none. Rows of one call with the same key: the last one wins. */
  write(rows: readonly StoreRow[]): Promise<void>
  get(key: string): Promise<Uint8Array | null>
  /** Rows whose keys begin with `prefix`, in key order (UTF-16 code units), at most `limit`, after key `after` when given. */
  scan(
    prefix: string,
    limit: number,
    after?: string,
  ): Promise<readonly { readonly key: string; readonly value: Uint8Array }[]>
  close(): Promise<void>
}
