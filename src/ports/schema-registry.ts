/** Schemas that others have registered under numbers, for the Confluent encoding (protocol §2). */
export interface SchemaRegistry {
  /**
   * The text of the Avro schema of that number; null: there is none, it is no Avro schema on its own, or the registry refuses
   * to give it. A number names the same schema for ever. Waits for the registry, however long it doesn't answer; rejects
   * only, with `LogError` `closed`, when this end of it is closed.
   */
  schema(id: number): Promise<string | null>

  /** Idempotent. */
  close(): void
}
