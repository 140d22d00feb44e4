/** What a node's calendars mean for a partition that it is to own: may it, and which jobs does a newer database move. */
import { type JobSettings } from '../core/job/resolve-definition.ts'
import { isNewer, movedFireTime } from '../core/job/zone-data.ts'
import type { State } from '../core/state.ts'
import { holidayPlace } from '../core/triggers/compile-trigger.ts'
import { OperationalError } from '../ports/operational-error.ts'
import type { Logger } from '../ports/telemetry.ts'
import type { Inbox } from './inbox.ts'

interface Node {
  readonly settings: () => JobSettings
  readonly partition: number
  readonly logger: Logger
}

/** Throws `unsupported` when a job needs a calendar that this node lacks: it could not say when the job is due. */
export function assertCalendars(state: State, { settings, partition }: Node): void {
  const { calendars } = settings()
  for (const { jobId, definition } of state.jobs()) {
    const place = definition.trigger === null ? null : holidayPlace(definition.trigger)
    if (place === null || (calendars !== undefined && calendars.holidays !== null)) continue
    const message = `partition ${partition}: job '${jobId}' leaves out the holidays of ${place}, for which this node lacks the package date-holidays`
    throw new OperationalError('unsupported', message)
  }
}

/** Asks for a decision about each job that the time-zone database of this node moves, and says when it is an older one. */
export function moveJobs(state: State, inbox: Inbox, { settings, partition, logger }: Node): void {
  const { calendars } = settings()
  if (calendars === undefined) return
  const { version } = calendars.zones
  let newest = version
  for (const job of state.jobs()) {
    if (isNewer(job.zoneData, newest)) newest = job.zoneData
    if (movedFireTime(job, calendars) === job.nextFireTime) continue
    inbox.pushOwn({ kind: 'zone-data-changed', jobId: job.jobId })
  }
  if (newest === version) return
  const details = { partition, zoneData: version, newest }
  logger.warn(details, 'times on the log are of a newer time-zone database than this node has; they stay as they are')
}
