/** Writes the section of the README that `table.ts` makes: `node test/apscheduler/write-table.ts`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { withSection } from './table.ts'

export const README: URL = new URL('../../README.md', import.meta.url)

if (import.meta.main) writeFileSync(README, withSection(readFileSync(README, 'utf8')))
