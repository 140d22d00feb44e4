/** The schema files as JSON. */
import { readdirSync, readFileSync } from 'node:fs'

const FOLDER = new URL('../../schemas/', import.meta.url)

export interface SchemaFile {
  readonly name: string
  readonly json: Readonly<Record<string, unknown>>
}

export function schemaFiles(): readonly SchemaFile[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.avsc'))
    .toSorted()
    .map((file) => ({
      name: file.replace(/\.avsc$/, ''),
      json: JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Readonly<Record<string, unknown>>,
    }))
}
