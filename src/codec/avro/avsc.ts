/**
 * The schemas as avsc parses them: it writes the bodies of our records and gives their canonical form. It never reads
 * (see `reader.ts`), and it is given values only through `prepare.ts`.
 *
 * Its own types are loose; nothing of them leaves this module.
 */
import avro from 'avsc'

export interface AvscType {
  /**
   * Writes a prepared value at `position` and returns where it ends. Negative: so many bytes of room were missing. The
   * bytes behind the end may be overwritten too.
   */
  encode(value: unknown, buffer: Buffer, position: number): number
  /** The Parsing Canonical Form, parsed. */
  schema(): unknown
}

/** Types by full name. A source stands behind those that it refers to. */
export function avscTypes(sources: ReadonlyMap<string, unknown>): ReadonlyMap<string, AvscType> {
  // One registry for all: in it a source finds those before it.
  const options = { registry: {}, wrapUnions: 'never', omitRecordMethods: true } as const
  const types = new Map<string, AvscType>()
  for (const [name, source] of sources) {
    types.set(name, avro.Type.forSchema(source as Parameters<typeof avro.Type.forSchema>[0], options))
  }
  return types
}
