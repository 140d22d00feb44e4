/**
 * Events ⇄ record values, and the chain over them. The materializer folds and decides through this port, so it knows
 * nothing of Avro.
 */
import type { Event, Stamp } from '../core/events.ts'

/** The batch as it goes to the log: values by index, the trailer last. */
export interface EncodedBatch {
  readonly values: readonly Uint8Array[]
  /** Bytes of all values together. */
  readonly bytes: number
}

/** A record value as a reader finds it. */
export type DecodedEvent =
  | { readonly kind: 'event'; readonly event: Event }
  /** Ours by its header, of a type that this version doesn't know: its place can still be read. */
  | { readonly kind: 'unknown-type'; readonly stamp: Stamp }
  /** Not an event: foreign bytes on the topic. */
  | { readonly kind: 'foreign'; readonly why: string }

export interface EventCodec {
  /** Encodes the events one after another. Values are valid until the next call of `encode`. */
  encode(events: readonly Event[]): EncodedBatch
  decode(value: Uint8Array): DecodedEvent
  /** The encoded size of one event, at least; used to keep batches under their limit. */
  sizeOf(event: Event): number
  /** SHA-256(chain ‖ for each value: uint32be length ‖ value). */
  chain(chain: Uint8Array, values: readonly Uint8Array[]): Uint8Array
}
