/** Writes a planted history into a folder of its own and has it checked. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Report, ViolationKind } from '../audit/report.ts'
import { type CheckOptions, checkLog } from '../check-log.ts'
import { type FrameOptions, writeLogFolder } from './frames.ts'
import { History, type PlantedBatch, type PlantedEvent } from './history.ts'
import { added, START } from './story.ts'

export function batch(time: number, ...events: readonly PlantedEvent[]): PlantedBatch {
  return { time, events }
}

/** An owner, a batch that adds the job `tick` at `START`, and the batches given. */
export function historyOf(...batches: readonly PlantedBatch[]): History {
  const history = new History().announce(START).batch(batch(START, added()))
  for (const one of batches) history.batch(one)
  return history
}

export interface WriteOptions extends FrameOptions, CheckOptions {
  /** Changes files before the check. */
  readonly tamper?: (folder: string) => void
}

export function checked(history: History, options: WriteOptions = {}): Report {
  const folder = mkdtempSync(join(tmpdir(), 'horolog-checker-'))
  try {
    writeLogFolder(folder, history.appends, options)
    options.tamper?.(folder)
    return checkLog(folder, options)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export function kindsOf(report: Report): ViolationKind[] {
  return [...report.violationCounts.keys()]
}
