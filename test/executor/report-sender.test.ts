// Reports on their way: what is sent again, what is left out, and what is given up.
import { expect, test } from 'vitest'
import { createVirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import { RUN_CODEC } from '../../src/codec/run-codec.ts'
import type { Report, ReportType } from '../../src/core/reports.ts'
import { ReportSender } from '../../src/executor/group/report-sender.ts'
import { LogError } from '../../src/ports/event-log.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { REPORT } from '../golden/samples.ts'
import { T0 } from '../support/moments.ts'

type Settle = (error?: LogError) => void

/** The outbox settles what it is given when the test says so, in that order. */
function sceneOf() {
  const clock = createVirtualClock(T0)
  const given: Settle[] = []
  const sender = new ReportSender({
    clock,
    codec: RUN_CODEC,
    logger: SILENT,
    outbox: {
      close: async () => {},
      send: () =>
        new Promise((resolve, reject) => given.push((error) => (error === undefined ? resolve() : reject(error)))),
    },
  })
  return { clock, given, sender, send: (type: ReportType) => sender.send(reportOf(type), 0) }
}

function reportOf(type: ReportType): Report {
  return { ...REPORT, type }
}

test('a heartbeat is left out while the one before is under way', async () => {
  const { given, send } = sceneOf()
  const first = send('heartbeat')
  await send('heartbeat')
  expect(given).toHaveLength(1)
  given[0]!()
  await first
  void send('heartbeat')
  expect(given).toHaveLength(2)
})

test('a heartbeat that was refused is not sent again', async () => {
  const { given, send, clock } = sceneOf()
  const sent = send('heartbeat')
  given[0]!(new LogError('not-authorized', 'no'))
  await expect(sent).rejects.toMatchObject({ code: 'not-authorized' })
  await clock.advance(60_000)
  expect(given).toHaveLength(1)
})

test('a report that was refused is sent again until it is taken', async () => {
  const { given, send, clock } = sceneOf()
  const sent = send('started')
  for (let tries = 0; tries < 3; tries++) {
    given.at(-1)!(new LogError('not-authorized', 'no'))
    await clock.advance(10_000)
  }
  given.at(-1)!()
  await sent
  expect(given).toHaveLength(4)
})

test('a report is given up with the outbox, and after the last try when the process ends', async () => {
  const { given, send, sender, clock } = sceneOf()
  const withOutbox = send('succeeded')
  given[0]!(new LogError('closed', 'closed'))
  await expect(withOutbox).rejects.toMatchObject({ code: 'closed' })
  const refused = send('succeeded')
  given[1]!(new LogError('not-authorized', 'no'))
  await clock.settle()
  sender.close()
  await clock.settle()
  given[2]!(new LogError('not-authorized', 'no'))
  await expect(refused).rejects.toMatchObject({ code: 'not-authorized' })
})
