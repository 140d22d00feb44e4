/** A scheduler of several stores, one of which can't be opened: nothing of the others is held on to. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Logger, Scheduler } from '../../src/index.ts'
import { temporaryFolder } from '../adapters/temporary-folder.ts'

test('a store that was opened before the one that failed can be opened again, with its checkpoints', async () => {
  const { folder, remove } = temporaryFolder()
  onTestFinished(remove)
  const log = `file:${join(folder, 'log')}`
  await writeFile(join(folder, 'no folder'), '')
  await expect(
    Scheduler.open({ stores: { default: log, other: `file:${join(folder, 'no folder')}` } }),
  ).rejects.toMatchObject({ name: expect.any(String) })
  const said: string[] = []
  const note = (_: object, message?: string): void => void said.push(message ?? '')
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note }
  const scheduler = await Scheduler.open({ log, logger })
  onTestFinished(() => scheduler.shutdown({ wait: false }))
  expect(said).toEqual([])
})
