/** The wall clock with fractions of a millisecond. */
export function exactNow(): number {
  return performance.timeOrigin + performance.now()
}
