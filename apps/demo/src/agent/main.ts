import { readFileSync } from 'node:fs'
import { BehalfError, createUuid, systemRandomBytes } from '@behalf/core'
import { createMcpClient } from '@behalf/mcp/client'
import { createFileWallet, type HeldDelegation, type Wallet, WalletError } from '@behalf/wallet'
import { DELEGATION_META, REQUEST_META } from '../tools/tool-server.ts'
import type {
  AgentCommands,
  Answer,
  CallOptions,
  CapturedRequest,
  Command,
  CommandName,
  Held,
} from './protocol.ts'

// An agent as a process: it has a wallet, does what it is told over the message channel, and hands out everything but
// its key. What leaves for the network is noted, since the story also plays somebody who listens in.

/** What the agent says that it thinks with; nobody vouches for it. */
const MODEL = 'story-1'

let wallet: Wallet | undefined
let lastSent: CapturedRequest | undefined
let sending = true

const commands: {
  [Name in CommandName]: (args: AgentCommands[Name]['args']) => Promise<AgentCommands[Name]['result']>
} = {
  createWallet: async ({ path, passphraseFile }) => {
    const passphrase = readFileSync(passphraseFile, 'utf8').trimEnd()
    wallet = await createFileWallet(path, { passphrase, fetch: observedFetch })
    return { did: wallet.did }
  },
  request: async (options) =>
    held(
      await opened().requestDelegation({
        ...options,
        onPending: ({ id, approvalUrl }) => tell({ kind: 'asked', asked: { id, approvalUrl } }),
      }),
    ),
  collectForeign: async ({ authority, id }) => {
    try {
      await opened().authority(authority).collect(id)
      return { code: 'ok' }
    } catch (error) {
      if (error instanceof WalletError) return { code: error.code }
      throw error
    }
  },
  call: async (options) => {
    const response = await send(options)
    const text = await response.text()
    const body = text === '' ? undefined : (JSON.parse(text) as unknown)
    const code = response.ok ? undefined : String((body as { code?: unknown } | undefined)?.code)
    const requestId = response.headers.get('Request-Id') ?? ''
    return { status: response.status, code, requestId, body, sent: taken() }
  },
  sign: async (options) => {
    sending = false
    try {
      await send(options)
      return taken()
    } finally {
      sending = true
    }
  },
  callTool: async ({ endpoint, tool, args, parent, onward }) => {
    const { chain } = await opened().delegate({ parent, ...onward })
    const client = await createMcpClient(opened(), endpoint, {
      context: { model: MODEL, call: createUuid(systemRandomBytes) },
    })
    try {
      const call = { name: tool, arguments: args, _meta: { [DELEGATION_META]: chain } }
      const { content, isError, _meta } = await client.callTool(call)
      const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('')
      if (isError === true) throw new Error(text)
      return { text, requestId: String(_meta?.[REQUEST_META]) }
    } finally {
      await client.close()
    }
  },
  delegate: (options) => opened().delegate(options),
  receive: async ({ bundle }) => held(await opened().receive(bundle)),
}

process.on('message', (command: Command) => void answer(command))

async function answer<Name extends CommandName>({ number, name, args }: Command<Name>): Promise<void> {
  try {
    tell({ kind: 'done', number, result: await commands[name](args) })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    tell({ kind: 'failed', number, message, ...(error instanceof BehalfError ? { code: error.code } : {}) })
  }
}

function tell(answer: Answer): void {
  process.send?.(answer)
}

function opened(): Wallet {
  if (!wallet) throw new Error('this agent has no wallet yet')
  return wallet
}

function taken(): CapturedRequest {
  if (!lastSent) throw new Error('nothing was sent')
  return lastSent
}

function held({ id, leaf }: HeldDelegation): Held {
  return { id, validUntil: leaf.validUntil, approvedBy: leaf.approval?.method }
}

function send({ method, url, body, delegation, tool, withToken = false }: CallOptions): Promise<Response> {
  if (withToken) return opened().tokenFetch(url, { method, ...(delegation !== undefined && { delegation }) })
  return opened().fetch(url, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    ...(delegation === undefined ? {} : { delegation }),
    context: { model: MODEL, ...(tool === undefined ? {} : { tool }) },
  })
}

/** The network as the wallet sees it: notes each request, and keeps it back while one is only to be signed. */
async function observedFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init)
  const body = request.body === null ? undefined : await request.clone().text()
  lastSent = { url: request.url, method: request.method, headers: [...request.headers], body }
  return sending ? fetch(request) : new Response(null, { status: 204 })
}
