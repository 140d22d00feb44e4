/** A real process that appends and says what was acknowledged, killed at random moments. */
import { afterAll, expect, test } from 'vitest'
import { openEmbeddedLog } from '../../src/adapters/embedded/embedded-log.ts'
import { openEmbeddedLogForReading } from '../../src/adapters/embedded/reading-log.ts'
import { readAll, text } from '../contract/event-log.ts'
import { startLogProcess } from './child.ts'
import { temporaryFolder } from './temporary-folder.ts'

const KILLS = 10
const EVENTS = { topic: 'events', partition: 0 }
const RECORDS_PER_BATCH = 3

const { folder, remove } = temporaryFolder()
afterAll(remove)

test(`kill -9, ${KILLS} times: every acknowledged batch is there, and every batch is whole`, async () => {
  const acknowledged = new Map<number, string>()
  for (let kill = 0; kill < KILLS; kill++) {
    const child = startLogProcess('append', folder)
    expect(await child.line()).toBe('open')
    const enough = 1 + ((kill * 97) % 260)
    let killed: Promise<void> | null = null
    let lines = 0
    for (let line = await child.line(); line !== null; line = await child.line()) {
      const place = line.indexOf(' ')
      if (place > 0 && line.endsWith('-' + 'x'.repeat(line.length - line.lastIndexOf('-') - 1))) {
        acknowledged.set(Number(line.slice(0, place)), line.slice(place + 1))
      }
      if (++lines === enough) killed = child.kill()
    }
    await killed
    const reader = await openEmbeddedLogForReading({ folder })
    const values = (await readAll(reader, EVENTS)).map(text)
    await reader.close()
    expect(values.length % RECORDS_PER_BATCH).toBe(0)
    for (const [offset, value] of acknowledged) {
      const isPart = (found: string): boolean => found.startsWith(value)
      expect(values.slice(offset, offset + RECORDS_PER_BATCH).every(isPart), `offset ${offset}`).toBe(true)
    }
  }
  expect(acknowledged.size).toBeGreaterThan(KILLS * 50)
  const log = await openEmbeddedLog({ folder, now: () => 1_000 })
  expect(await log.end(EVENTS)).toBeGreaterThanOrEqual(acknowledged.size * RECORDS_PER_BATCH)
  await log.close()
}, 30_000)
