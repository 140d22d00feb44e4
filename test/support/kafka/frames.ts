/** Cuts a stream of Kafka's protocol into its messages: four bytes of size, then so many bytes. */

const SIZE_BYTES = 4

/** Takes the stream's chunks, gives each message that is complete with them, its size included. */
export function frameSplitter(): (chunk: Buffer) => Buffer[] {
  let chunks: Buffer[] = []
  let available = 0
  let wanted = SIZE_BYTES

  return (chunk) => {
    chunks.push(chunk)
    available += chunk.length
    // Chunks are joined once per message, not once per chunk.
    if (available < wanted) return []
    let rest = Buffer.concat(chunks)
    const frames: Buffer[] = []
    for (;;) {
      wanted = rest.length < SIZE_BYTES ? SIZE_BYTES : SIZE_BYTES + rest.readInt32BE(0)
      if (rest.length < wanted) break
      frames.push(rest.subarray(0, wanted))
      rest = rest.subarray(wanted)
    }
    chunks = [rest]
    available = rest.length
    return frames
  }
}
