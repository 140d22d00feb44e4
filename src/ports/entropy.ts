/** Random ids. The only source of randomness; a seeded adapter makes a test repeatable. */
export interface Entropy {
  /** `count` random bytes of cryptographic quality, where the adapter is not a seeded one. */
  bytes(count: number): Uint8Array
}
