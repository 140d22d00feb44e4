/** A real process that writes to the store and says what was written, killed at random moments. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { openRocksStore } from '../../src/adapters/rocksdb/rocksdb-store.ts'
import { temporaryFolder } from './temporary-folder.ts'

const PROGRAM = fileURLToPath(new URL('store-process.ts', import.meta.url))
const KILLS = 6

test(`kill -9, ${KILLS} times: what was acknowledged is there, and no write is torn`, async () => {
  const { folder, remove } = temporaryFolder()
  onTestFinished(remove)
  let acknowledged = 0
  for (let kill = 0; kill < KILLS; kill++) {
    acknowledged = Math.max(acknowledged, await killedAfter(1 + kill * 37, folder))
    const store = await openRocksStore(folder)
    const rows = await store.scan('', 1_000)
    await store.close()
    const numbers = new Set(rows.map(({ value }) => Number(Buffer.from(value).toString())))
    expect(rows).toHaveLength(50)
    expect(numbers.size, 'all keys are of one write').toBe(1)
    expect([...numbers][0]).toBeGreaterThanOrEqual(acknowledged)
  }
  expect(acknowledged).toBeGreaterThan(KILLS * 10)
}, 30_000)

/** The last number that the process said. */
async function killedAfter(lines: number, folder: string): Promise<number> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  let heard = 0
  let last = 0
  for await (const line of createInterface({ input: child.stdout })) {
    // The pipe may end in the middle of a number.
    if (Number(line) === last + 1 || last === 0) last = Number(line)
    heard += 1
    if (heard === lines) child.kill('SIGKILL')
  }
  await exited
  return last
}
