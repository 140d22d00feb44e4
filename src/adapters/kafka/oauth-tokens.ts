/** Bearer tokens by the client-credentials grant (RFC 6749, section 4.4). */
export interface OauthClient {
  readonly endpoint: URL
  readonly clientId: string
  readonly clientSecret: string
  /** null: what the server gives by itself. */
  readonly scope: string | null
}

/** A token server that is silent for longer is down. */
const TIMEOUT_MS = 10_000

/** Asks for a new token at each call; those made meanwhile share its answer. Errors name the endpoint's host, and nothing of its answers. */
export function oauthTokens(client: OauthClient): () => Promise<string> {
  let asking: Promise<string> | null = null
  return () => {
    asking ??= request(client).finally(() => (asking = null))
    return asking
  }
}

async function request({ endpoint, clientId, clientSecret, scope }: OauthClient): Promise<string> {
  const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope === null ? {} : { scope }) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (!response.ok) throw new Error(`the token endpoint at ${endpoint.host} answered ${response.status}`)
  const answer = await jsonOf(response, endpoint)
  const token = typeof answer === 'object' && answer !== null && 'access_token' in answer ? answer.access_token : null
  if (typeof token !== 'string') throw new Error(`the token endpoint at ${endpoint.host} gave no access_token`)
  return token
}

/** The parser's own error quotes the text, which may be a token. */
async function jsonOf(response: Response, { host }: URL): Promise<unknown> {
  const text = await response.text()
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`the token endpoint at ${host} answered with what is no JSON`)
  }
}
