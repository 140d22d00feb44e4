/** One measured figure, printed as a line of JSON. */
export interface BenchLine {
  readonly bench: string
  readonly unit: string
  readonly value: number
  /** What it is compared with, measured in the same run. */
  readonly peer?: string
  readonly peerValue?: number
  /** `value / peerValue`. */
  readonly ratio?: number
}
