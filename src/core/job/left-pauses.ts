/** The pauses by labels that a job leaves when its labels change. */
import type { View } from '../state.ts'
import type { JobDefinition } from './definition.ts'
import type { JobState } from './job-state.ts'
import { hasLabels } from './labels.ts'
import { lastPaused } from './pause-options.ts'

/**
 * The last instant at which such a pause held the job, for one that leaves them at `at`, epoch ms; null: it leaves none.
 * What came due by then is skipped, as when the rule ends.
 */
export function leftPauses(view: View, job: JobState, definition: JobDefinition, at: number): number | null {
  const left = view.pauseRules.filter(({ labels }) => hasLabels(job, labels) && !hasLabels({ definition }, labels))
  return left.length === 0 ? null : Math.max(...left.map((rule) => lastPaused(rule, at)))
}
