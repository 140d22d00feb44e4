/** What is wrong with bytes or JSON from outside. The only thing that decoding throws. */
import { reject, type Rejection, type RejectionCode } from '../core/rejections.ts'

/** Paths and texts can come from the message: they are cut, so that the answer stays small whatever was sent. */
const MAX_PATH_CHARS = 200
const MAX_REASON_CHARS = 500

export class DecodeError extends Error {
  override readonly name = 'DecodeError'
  /** With which code a command like this is rejected. */
  readonly code: RejectionCode
  /** The member at fault, like `job.retry.maxAttempts`; empty: the message as a whole. */
  readonly path: string
  /** What was expected and what came. */
  readonly reason: string

  constructor(path: string, reason: string, code: RejectionCode = 'malformed') {
    const shortPath = cut(path, MAX_PATH_CHARS)
    const shortReason = cut(reason, MAX_REASON_CHARS)
    super(shortPath === '' ? shortReason : `${shortPath}: ${shortReason}`)
    this.code = code
    this.path = shortPath
    this.reason = shortReason
  }

  get rejection(): Rejection {
    return reject(this.code, this.message, this.path === '' ? null : this.path)
  }
}

function cut(text: string, chars: number): string {
  return text.length > chars ? `${text.slice(0, chars)}…` : text
}
