import { reject, type Rejection } from '../rejections.ts'
import { shown } from './check.ts'

/** The rejection of a command that names a job which isn't there. */
export function notFound(jobId: string): Rejection {
  return reject('job-not-found', `jobId: expected the id of a job, got ${shown(jobId)}`, 'jobId')
}
