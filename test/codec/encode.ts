/**
 * The body of a value as the Avro specification has it, written for the tests alone and as plainly as can be: what the
 * codec and the library behind it write is compared with this.
 */
import type { Schema } from '../../src/codec/avro/schema.ts'

export function encodeBody(schema: Schema, value: unknown): Buffer {
  switch (schema.kind) {
    case 'boolean':
      return Buffer.of(value === true ? 1 : 0)
    case 'int':
    case 'long':
      return zigzag(BigInt(value as number))
    case 'double': {
      const bytes = Buffer.alloc(8)
      bytes.writeDoubleLE(value as number)
      return bytes
    }
    case 'bytes':
      return sized(Buffer.from(value as Uint8Array))
    case 'fixed':
      return Buffer.from(value as Uint8Array)
    case 'string':
      // Encoding makes a lone surrogate U+FFFD.
      return sized(Buffer.from(schema.logical === 'json' ? JSON.stringify(value) : (value as string), 'utf8'))
    case 'nullable':
      return value === null ? zigzag(0n) : Buffer.concat([zigzag(1n), encodeBody(schema.of, value)])
    case 'array':
      return block((value as readonly unknown[]).map((item) => encodeBody(schema.items, item)))
    case 'map': {
      const entries = Object.entries(value as object)
      return block(
        entries.map(([key, one]) => Buffer.concat([sized(Buffer.from(key)), encodeBody(schema.values, one)])),
      )
    }
    case 'record': {
      const members = value as Readonly<Record<string, unknown>>
      return Buffer.concat(schema.fields.map((field) => encodeBody(field.schema, members[field.name])))
    }
  }
}

function block(items: readonly Buffer[]): Buffer {
  if (items.length === 0) return zigzag(0n)
  return Buffer.concat([zigzag(BigInt(items.length)), ...items, zigzag(0n)])
}

function sized(bytes: Buffer): Buffer {
  return Buffer.concat([zigzag(BigInt(bytes.length)), bytes])
}

function zigzag(value: bigint): Buffer {
  const bytes: number[] = []
  for (let rest = value < 0n ? -2n * value - 1n : 2n * value; ; rest /= 128n) {
    bytes.push(Number(rest % 128n) | (rest >= 128n ? 128 : 0))
    if (rest < 128n) return Buffer.from(bytes)
  }
}
