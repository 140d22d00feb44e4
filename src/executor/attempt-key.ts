/** What tells attempts apart in this process. */
export function attemptKey({ runId, attempt }: { readonly runId: string; readonly attempt: number }): string {
  return `${runId}#${attempt}`
}
