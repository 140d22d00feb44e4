/** Short-lived commands: the build tool that fetches the jars, the tool that formats a data folder. */
import { type SpawnOptions, spawn } from 'node:child_process'

interface CommandResult {
  readonly code: number | null
  /** Both streams, in the order of their writing. */
  readonly output: string
}

/** Runs it to its end. Rejects with the operating system's error (`ENOENT`: no such program) when it can't be started. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'cwd'> = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    const chunks: Buffer[] = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString('utf8') }))
  })
}
