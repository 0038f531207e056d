import type { Wallet } from '@behalf/wallet'
import { MCP_URL } from './world.ts'

let ids = 0

/** A JSON-RPC call as it goes over the wire. */
export function call(method: string, params: object = {}): string {
  ids += 1
  return JSON.stringify({ jsonrpc: '2.0', id: ids, method, params })
}

export const callTool = (name: string, values: object = {}): string =>
  call('tools/call', { name, arguments: values })

export const initialize = (): string =>
  call('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1.0.0' },
  })

/** What a test changes in a signed request before it is signed. */
export interface PostChanges {
  readonly url?: string
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly delegation?: string
}

/** Sends a message, signed by the wallet. */
export function post(wallet: Wallet, body: string | null, changes: PostChanges = {}): Promise<Response> {
  const { url = MCP_URL, method = 'POST', headers, delegation } = changes
  return wallet.fetch(url, {
    method,
    ...(body !== null && { body }),
    ...(delegation !== undefined && { delegation }),
    headers: {
      accept: 'application/json, text/event-stream',
      ...(body !== null && { 'content-type': 'application/json' }),
      ...headers,
    },
  })
}

/** The code of a refusal; `ok` for what was answered by the server. */
export async function codeOfAnswer(answer: Promise<Response> | Response): Promise<string> {
  const response = await answer
  const text = await response.text()
  if (!response.headers.get('content-type')?.startsWith('application/problem+json')) return 'ok'
  return String((JSON.parse(text) as { code: string }).code)
}
