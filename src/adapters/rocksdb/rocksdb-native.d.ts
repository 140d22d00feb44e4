/** The part of the package `rocksdb-native` that is used here; it comes without types. */
declare module 'rocksdb-native' {
  interface WriteBatch {
    tryPut(key: Uint8Array, value: Uint8Array): void
    tryDelete(key: Uint8Array): void
    /** Keys and values are read from where they lie until it settles. */
    flush(): Promise<void>
    destroy(): void
  }

  interface Range {
    gt?: Uint8Array
    gte?: Uint8Array
    lt?: Uint8Array
  }

  interface Row {
    key: Buffer
    value: Buffer
  }

  class RocksDB {
    constructor(path: string)
    /** Opens it. */
    ready(): Promise<void>
    get(key: Uint8Array): Promise<Buffer | null>
    write(options: { capacity: number; autoDestroy: boolean }): WriteBatch
    /** `capacity`: rows fetched at a time. */
    iterator(range: Range, options: { limit: number; capacity: number }): AsyncIterable<Row>
    close(): Promise<void>
  }

  export default RocksDB
}
