import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import { encodeUtf8, type JsonObject } from '@behalf/core'
import { createMemoryWallet, type ProveMessageOptions, type Wallet } from '@behalf/wallet'
import { Client as SessionClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioServerTransport as SessionPipe } from '@modelcontextprotocol/sdk/server/stdio.js'
import { StdioServerTransport as Pipe } from '@modelcontextprotocol/server/stdio'
import { createStdioClient } from '../../src/client.ts'
import {
  createStdioEndpoint,
  createStdioTransport,
  type StdioEndpointOptions,
  type StdioTransportOptions,
} from '../../src/stdio.ts'
import type { TestClient } from './clients.ts'
import { type Generation, serve } from './servers.ts'
import { makeSurroundings } from './world.ts'

export const AUDIENCE = 'urn:example:issues'

/** What a test changes. */
export interface StdioWorldOptions extends Partial<StdioEndpointOptions<unknown>> {
  /** Of the tool `search_issues`. */
  readonly description?: string
}

/** A protected server of that generation between two pipes, agents, and what goes over the pipes. */
export async function makeStdioWorld(
  generation: Generation,
  {
    description,
    ...options
  }: Partial<StdioEndpointOptions<unknown>> & { readonly description?: string } = {},
) {
  const { options: common, time, clock, ...surroundings } = await makeSurroundings()
  const toServer = new PassThrough()
  const fromServer = new PassThrough()
  const served = serve(generation)
  if (description !== undefined) served.description = description
  const endpoint = createStdioEndpoint<unknown>({
    audience: AUDIENCE,
    ...common,
    input: toServer,
    output: fromServer,
    ...options,
  })
  await served.open(endpoint.transport)
  const wallet = (byte: number): Wallet => createMemoryWallet({ seed: new Uint8Array(32).fill(byte), clock })
  return { ...surroundings, served, endpoint, time, clock, wallet, toServer, fromServer }
}

export type StdioWorld = Awaited<ReturnType<typeof makeStdioWorld>>

/** A connected client of that generation, at the other ends of the pipes. */
export async function connectStdio(
  generation: Generation,
  { toServer, fromServer }: Pick<StdioWorld, 'toServer' | 'fromServer'>,
  { wallet, ...options }: { readonly wallet: Wallet } & StdioTransportOptions,
): Promise<TestClient> {
  if (generation === '2.x') {
    return await createStdioClient(wallet, AUDIENCE, new Pipe(fromServer, toServer), options)
  }
  const client = new SessionClient({ name: 'test', version: '1.0.0' })
  await client.connect(createStdioTransport(wallet, AUDIENCE, new SessionPipe(fromServer, toServer), options))
  return client
}

/** The messages of a server, one after the other. */
export function readMessages({ fromServer }: { readonly fromServer: Readable }): () => Promise<JsonObject> {
  let text = ''
  return async () => {
    for (;;) {
      const end = text.indexOf('\n')
      if (end !== -1) {
        const line = text.slice(0, end)
        text = text.slice(end + 1)
        return JSON.parse(line) as JsonObject
      }
      const chunk = fromServer.read() as Buffer | null
      if (chunk === null) await once(fromServer, 'readable')
      else text += chunk.toString('utf8')
    }
  }
}

/** What a test changes in a message and its proof. */
export interface LineChanges extends Partial<ProveMessageOptions> {
  /** Laid over the message after it was proven. */
  readonly sent?: JsonObject
  /** Laid over its params after it was proven. */
  readonly params?: JsonObject
  /** Laid over the proof. */
  readonly proof?: JsonObject
}

/** A message with the proof of a wallet, as a line. */
export async function proveLine(
  wallet: Wallet,
  { method = 'ping', params = {}, ...rest }: { method?: string; params?: object; id?: number },
  { sent, params: changed, proof: forged, ...options }: LineChanges = {},
): Promise<Uint8Array> {
  const message = { ...rest, method, params: { ...params, _meta: {} } } as JsonObject
  const delegation = wallet.delegations()[0]?.id ?? ''
  const proof = {
    ...(await wallet.proveMessage(message, { audience: AUDIENCE, delegation, ...options })),
    ...forged,
  }
  const meta = { _meta: { 'behalf/proof': proof } }
  return encodeUtf8(
    `${JSON.stringify({ jsonrpc: '2.0', ...message, params: { ...params, ...changed, ...meta }, ...sent })}\n`,
  )
}

/** The code of a refusal; `ok` of what the server itself answered. */
export function codeOfMessage({ error }: JsonObject): string {
  const data = (error as JsonObject | undefined)?.['data'] as JsonObject | undefined
  return typeof data?.['code'] === 'string' ? data['code'] : 'ok'
}
