/** The schemas as another Avro library reads them: planted bytes are its work, not that of the decoder under test. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import avro from 'avsc'

export interface AvscType {
  toBuffer(value: unknown): Buffer
  /** The canonical form as JSON. */
  schema(): unknown
}

/** By record name. A schema that names one which is not read yet waits for the next round. */
export function avscTypes(folder: string): ReadonlyMap<string, AvscType> {
  const types = new Map<string, AvscType>()
  let registry: Record<string, never> = {}
  let open = readdirSync(folder).filter((file) => file.endsWith('.avsc'))
  while (open.length > 0) {
    const left = open.filter((file) => {
      const schema: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'))
      // A schema that fails half-way must not leave its name behind.
      const tried = { ...registry }
      try {
        types.set(
          file.replace(/\.avsc$/, ''),
          avro.Type.forSchema(schema as never, { registry: tried, wrapUnions: 'never' }),
        )
        registry = tried
        return false
      } catch (error) {
        if (/undefined type name/.test(String(error))) return true
        throw error
      }
    })
    if (left.length === open.length) throw new Error(`schemas that nobody defines are named in ${left.join(', ')}`)
    open = left
  }
  return types
}
