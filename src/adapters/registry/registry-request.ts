/** One request to a schema registry, bounded in time and size. */
import type { RegistryAccess } from './registry-options.ts'

/** A schema of ours has 8 KB; what is a hundred times that is none. */
const MAX_RESPONSE_BYTES = 1024 * 1024

export interface RegistryRequest {
  /** Below the base, each part as it is. */
  readonly path: readonly string[]
  /** Posted as JSON; absent: it is asked for. */
  readonly post?: object
  readonly signal?: AbortSignal
}

export interface RegistryAnswer {
  readonly status: number
  /** The members of the JSON object that it is; null: it is none. */
  readonly body: Readonly<Record<string, unknown>> | null
}

/** Rejects when no answer came, or none that can be one. */
export async function askRegistry(
  { base, headers, requestTimeoutMs }: RegistryAccess,
  { path, post, signal }: RegistryRequest,
): Promise<RegistryAnswer> {
  const signals = [AbortSignal.timeout(requestTimeoutMs), ...(signal === undefined ? [] : [signal])]
  const asked = post === undefined ? { method: 'GET' } : { method: 'POST', body: JSON.stringify(post) }
  const url = new URL(path.map(encodeURIComponent).join('/'), base)
  const response = await fetch(url, { ...asked, headers, signal: AbortSignal.any(signals) })
  return { status: response.status, body: objectOf(await textOf(response)) }
}

async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > MAX_RESPONSE_BYTES) throw new Error(`an answer of more than ${MAX_RESPONSE_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function objectOf(text: string): RegistryAnswer['body'] {
  try {
    const json = JSON.parse(text) as unknown
    return typeof json === 'object' && json !== null ? (json as Readonly<Record<string, unknown>>) : null
  } catch {
    return null
  }
}
