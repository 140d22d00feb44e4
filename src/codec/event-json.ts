/** Events as JSON objects, for the CLI and for who reads along: `type` first, then the members as they are on the log. */
import type { Event } from '../core/events.ts'
import type { JsonObject } from '../core/json.ts'
import { writeJson } from './json-write.ts'
import { storedSchema } from './schema-store.ts'

/** Absent values are left out; instants are RFC 3339, ids and hashes hex; a payload that is JSON is shown as such. */
export function eventToJson(event: Event): JsonObject {
  return writeJson(storedSchema(event.type).schema, event, { exactPayloads: false }, { type: event.type })
}
