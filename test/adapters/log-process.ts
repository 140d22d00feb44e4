/**
 * A process of its own over an embedded log, for tests that kill it or race it: `log-process.ts <append|hold> <folder>`.
 *
 * It says on stdout what it did, one line each: `open`, or the code of its refusal and the owner; then in mode `append`
 * `<offset> <value>` for each acknowledged batch, from several callers without end, and in mode `hold` nothing until stdin
 * ends, when it closes the log and says `closed`.
 */
import { openEmbeddedLog } from '../../src/adapters/embedded/embedded-log.ts'
import { LogError } from '../../src/ports/event-log.ts'

const CALLERS = 3
const EVENTS = { topic: 'events', partition: 0 }
const [mode, folder = ''] = process.argv.slice(2)

try {
  const log = await openEmbeddedLog({ folder, now: Date.now, segmentBytes: 65_536 })
  console.log('open')
  if (mode === 'append') {
    const start = await log.end(EVENTS)
    const caller = async (name: number): Promise<void> => {
      for (let round = 0; ; round++) {
        const value = `${process.pid}-${start}-${name}-${round}-${'x'.repeat((round * 37) % 900)}`
        const records = [1, 2, 3].map((part) => ({ key: `${part}`, value: Buffer.from(value) }))
        const { baseOffset } = await log.append(EVENTS, records)
        process.stdout.write(`${baseOffset} ${value}\n`)
      }
    }
    await Promise.all(Array.from({ length: CALLERS }, (_, name) => caller(name)))
  }
  for await (const _ of process.stdin);
  await log.close()
  console.log('closed')
} catch (error) {
  if (!(error instanceof LogError)) throw error
  console.log(`${error.code} ${error.owner}`)
}
