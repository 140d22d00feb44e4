/** I13 on the logs that need nothing but this process. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe } from 'vitest'
import { sameStories } from './same.ts'
import { STORIES } from './stories/all.ts'

const folder = mkdtempSync(join(tmpdir(), 'same-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('in memory and on disk the same happens when', () => {
  sameStories(STORIES, { disk: () => ({ log: `file:${mkdtempSync(join(folder, 'log-'))}` }) })
})
