/** Stands before a schema registry and lets questions through, or not: what its client does in trouble can be seen. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from '../../../src/ports/telemetry.ts'
import { SILENT } from '../../../src/ports/telemetry.ts'

/** `silence`: the connection is cut; `refusal`: 401; `nonsense`: 404 by somebody who is no registry. */
export type Conduct = 'answers' | 'silence' | 'refusal' | 'nonsense'

export interface RegistryGate {
  readonly url: string
  readonly make: (conduct: Conduct) => void
  /** Hears what its client tells the operator. */
  readonly logger: Logger
  /** Resolves at the next warning about the registry. */
  readonly warned: () => Promise<void>
  readonly close: () => Promise<void>
}

export async function startGate(registry: string): Promise<RegistryGate> {
  let conduct: Conduct = 'answers'
  const waiting = new Set<() => void>()
  const server = createServer((request, response) => {
    void answer(`${registry}${request.url}`, conduct, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    make: (next) => {
      conduct = next
    },
    logger: {
      ...SILENT,
      warn: (_details, message) => {
        if (!message.includes('schema registry')) return
        for (const resolve of waiting) resolve()
        waiting.clear()
      },
    },
    warned: () =>
      new Promise((resolve) => {
        waiting.add(resolve)
      }),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function answer(url: string, conduct: Conduct, response: ServerResponse): Promise<void> {
  if (conduct === 'silence') return void response.destroy()
  if (conduct === 'refusal') return void response.writeHead(401).end('{"error_code":401,"message":"who are you?"}')
  if (conduct === 'nonsense') return void response.writeHead(404).end('<html>not here</html>')
  const passed = await fetch(url)
  response.writeHead(passed.status, { 'content-type': 'application/json' }).end(await passed.text())
}
