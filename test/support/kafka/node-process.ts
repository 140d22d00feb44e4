/**
 * One broker's JVM: started, stopped, killed, paused. Its output is appended to a file.
 *
 * The JVM does not outlive us, however we end: a shell holds the other end of a pipe of ours and kills it when the pipe
 * closes. Both have a process group of their own, so that Ctrl-C reaches only us and the stop stays in our hands.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'

/** After it a clean stop is given up and the process killed. */
const STOP_TIMEOUT_MS = 15_000

export interface NodeProcess {
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<void>
  readonly running: () => boolean
  /** SIGSTOP, SIGCONT. */
  readonly signal: (signal: 'SIGSTOP' | 'SIGCONT') => void
  /** SIGTERM, also out of a pause, and SIGKILL when that takes too long. */
  readonly stop: () => Promise<void>
  /** SIGKILL. */
  readonly kill: () => Promise<void>
}

/** `java <args>` with its output appended to `logFile`. */
export function startNode(args: readonly string[], logFile: string): NodeProcess {
  const log = openSync(logFile, 'a')
  const child = spawn('java', args, { stdio: ['ignore', log, log], detached: true })
  closeSync(log)
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const guard = spawn('sh', ['-c', 'read -r _; kill -9 "$1"', 'sh', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  void exited.then(() => guard.kill('SIGKILL'))
  const running = (): boolean => child.exitCode === null && child.signalCode === null && child.pid !== undefined
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  return {
    exited,
    running,
    signal: (signal) => void child.kill(signal),
    stop: () => stopCleanly(child, exited, kill),
    kill,
  }
}

async function stopCleanly(child: ChildProcess, exited: Promise<void>, kill: () => Promise<void>): Promise<void> {
  child.kill('SIGTERM')
  child.kill('SIGCONT')
  const timer = setTimeout(() => void kill(), STOP_TIMEOUT_MS)
  await exited
  clearTimeout(timer)
}
