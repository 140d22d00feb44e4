/** A broken assertion is a bug of ours: the partition stops and keeps its data. */
export class AssertionError extends Error {
  override readonly name: string = 'AssertionError'
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/** For the `default` of a switch that has to name every member of a union. */
export function unreachable(value: never): never {
  throw new AssertionError(`not one of the known cases: ${JSON.stringify(value)}`)
}
