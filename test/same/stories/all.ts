import type { Story } from '../story.ts'
import { EXECUTOR_STORIES } from './executors.ts'
import { FIRE_STORIES } from './fires.ts'
import { JOB_STORIES } from './jobs.ts'
import { PAUSE_STORIES } from './pauses.ts'
import { RUN_STORIES } from './runs.ts'

export const STORIES: readonly Story[] = [
  ...JOB_STORIES,
  ...PAUSE_STORIES,
  ...RUN_STORIES,
  ...FIRE_STORIES,
  ...EXECUTOR_STORIES,
]
