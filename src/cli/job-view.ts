/** Jobs as the command line shows them. */
import { describeTrigger } from '../core/triggers/describe-trigger.ts'
import { heldText } from '../client/job-hold.ts'
import type { JobInfo } from '../client/job-info.ts'
import type { JobState } from '../core/job/job-state.ts'
import { labelText } from '../client/label-text.ts'
import { styled } from './output.ts'
import { memberLines, tableLines } from './table.ts'
import { instantText, relativeText } from '../client/time-text.ts'

/** The members of `getJob` with instants as RFC 3339; a payload that is no JSON stands under `payloadBase64`. */
export function jobJson(job: JobInfo): Record<string, unknown> {
  const { payload, ...rest } = job
  const shown = payload instanceof Uint8Array ? { payloadBase64: Buffer.from(payload).toString('base64') } : { payload }
  return { ...rest, ...shown }
}

/** By their next fire time, those without one last. */
export function byNextFire<T extends { readonly job: JobState }>(jobs: readonly T[]): T[] {
  const timeOf = ({ job }: T): number => job.nextFireTime ?? Number.MAX_SAFE_INTEGER
  return jobs.toSorted((a, b) => timeOf(a) - timeOf(b) || (a.job.jobId < b.job.jobId ? -1 : 1))
}

export function jobTable(jobs: readonly JobInfo[], now: number): string[] {
  const rows = jobs.map((job) => {
    const last = job.last === null ? '-' : `${job.last.outcome} ${relativeText(job.last.at.getTime(), now)}`
    const counts = `${job.counts.succeeded}/${job.counts.failed + job.counts.stopped}`
    return [job.id, job.task ?? '-', stateOf(job), nextText(job, now), last, counts, whenText(job)]
  })
  return tableLines(['ID', 'TASK', 'STATE', 'NEXT', 'LAST', 'OK/FAILED', 'WHEN'], rows)
}

export function jobMembers(job: JobInfo, now: number): string[] {
  const { counts, retry, last } = job
  const { payload, payloadBase64 } = jobJson(job)
  const next = job.nextFireTime
  const members: (readonly [string, string | null])[] = [
    ['id', job.id],
    ['task', job.task],
    ['when', whenText(job)],
    ['state', stateOf(job)],
    ['next', next === null ? null : `${instantText(next)} (${nextText(job, now)})`],
    [
      'last',
      last === null ? null : `${last.outcome} ${instantText(last.at)} (${relativeText(last.at.getTime(), now)})`,
    ],
    [
      'runs',
      Object.entries(counts)
        .map(([name, count]) => `${count} ${name}`)
        .join(', '),
    ],
    ['open runs', job.openRuns.length === 0 ? null : job.openRuns.join(' ')],
    ['payload', payload === null ? null : JSON.stringify(payload ?? { base64: payloadBase64 })],
    ['name', job.name],
    ['description', job.description],
    ['labels', Object.keys(job.labels).length === 0 ? null : labelText(job.labels)],
    ['misfire grace', job.misfireGraceMs === null ? 'none: never too late' : `${job.misfireGraceMs} ms`],
    ['coalesce', job.coalesce],
    ['max instances', String(job.maxInstances)],
    ['attempts', `${retry.maxAttempts}, first retry after ${retry.initialMs} ms`],
    ['time-out', job.timeoutMs === null ? 'none' : `${job.timeoutMs} ms`],
    ['version', `${job.version} of incarnation ${job.incarnation}`],
    ['added', instantText(job.addedAt)],
  ]
  return memberLines(members.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])))
}

export function whenText(job: Pick<JobInfo, 'trigger'>): string {
  return job.trigger === null ? 'once, when it was added' : describeTrigger(job.trigger)
}

function stateOf(job: JobInfo): string {
  const held = heldText(job.heldBy)
  if (held !== null) return styled('yellow', held)
  if (job.openRuns.length === 0) return 'scheduled'
  return styled('cyan', job.openRuns.length === 1 ? 'open run' : `${job.openRuns.length} open runs`)
}

function nextText(job: JobInfo, now: number): string {
  if (job.nextFireTime === null) return '-'
  const at = job.nextFireTime.getTime()
  return at <= now ? `due ${relativeText(at, now)}` : relativeText(at, now)
}
