/**
 * Failures of the system, said in terms of the log.
 *
 * Boundary: for what was not written. A failed write in place is told by the writer itself.
 */
import { LogError } from '../../ports/event-log.ts'

export function asLogError(folder: string, error: unknown): LogError {
  if (error instanceof LogError) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EEXIST' || code === 'ENOTDIR') {
    return new LogError('wrong-log', `${folder} is not a folder`, { cause: error })
  }
  const retryable = code !== 'EPERM' && code !== 'EACCES' && code !== 'EROFS'
  return new LogError('unavailable', `${folder} can't be used: ${message}`, { retryable, cause: error })
}
