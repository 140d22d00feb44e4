import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below every system's range for outgoing connections (Linux: from 32,768), so that no client is given a broker's port
 * while the broker is down between a crash and its restart.
 */
const LOWEST_PORT = 20_000
const HIGHEST_PORT = 32_000

/** So many different ports on which nobody listens on loopback. Chosen at random: parallel runs rarely meet. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT))
    if (await isPortFree(port)) ports.add(port)
  }
  return [...ports]
}

/** Whether nobody listens there on loopback. */
export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
