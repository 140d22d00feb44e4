/** Tokens of attempts: the run record has it, and the reports of who was handed that record give it back (protocol §5). */
export interface RunTokens {
  /** The same whenever it is asked for: a run record that is sent again has the same bytes. */
  token(runId: string, attempt: number): string
  /** null: the report has none. */
  fits(token: string | null, runId: string, attempt: number): boolean
}
