import type { JsonObject } from '@behalf/core'
import { readEndedCall } from './ended-call.ts'
import { McpError } from './error.ts'
import { digestTools, resultOf } from './tool-definitions.ts'
import { sendOver, type TransportLike, wrapTransport } from './wrap-transport.ts'

/** A transport that knows the tools of its server, and what it found out about them. */
export interface PinnedTransport<Transport> {
  readonly transport: Transport
  /** The digest of each tool's definition, by name; complete whenever a tool is called. */
  readonly digests: ReadonlyMap<string, string>
}

/** A message as the SDKs hold it: decoded JSON-RPC. */
interface Message {
  readonly id?: unknown
  readonly method?: unknown
  readonly error?: unknown
  readonly params?: { readonly name?: unknown; readonly cursor?: unknown; readonly _meta?: JsonObject }
}

const MAX_PAGES = 64

/**
 * Has a transport look at the tools of its server before one is called: what its server tells of them is taken down as
 * it comes, and asked for where it is not known or has changed. Sending a call lasts until its answer came, and fails
 * with the refusal where that is one.
 *
 * @param inner not started
 */
export function pinTools<Transport extends TransportLike>(inner: Transport): PinnedTransport<Transport> {
  const digests = new Map<string, string>()
  const lists = createLists(inner, digests)
  const calls = createCalls()
  const transport = wrapTransport<Transport, Message>(inner, {
    send: async (message, options) => {
      const { method, params } = message
      if (method === 'tools/list') lists.expect(message.id)
      if (method === 'tools/call' && typeof params?.name === 'string' && !digests.has(params.name)) {
        await lists.ask(params._meta)
      }
      await calls.during(message, () => sendOver(inner, message, options))
    },
    receive: (message, pass) => {
      if (!lists.take(message) && !calls.refuse(message)) pass()
    },
  })
  return { transport, digests }
}

interface Lists {
  /** The answer to a request of this id tells of tools. */
  expect(id: unknown): void
  /** The whole list is known when this resolves. */
  ask(meta: JsonObject | undefined): Promise<void>
  /** Takes down what a message says of tools; true for one that is nobody else's. */
  take(message: Message): boolean
}

function createLists(inner: TransportLike, digests: Map<string, string>): Lists {
  const expected = new Set<unknown>()
  const own = new Map<string, PromiseWithResolvers<JsonObject>>()
  let asked = 0
  const askPage = async (params: JsonObject): Promise<JsonObject> => {
    asked += 1
    const id = `behalf-tools-${asked}`
    const page = Promise.withResolvers<JsonObject>()
    own.set(id, page)
    try {
      await sendOver(inner, { jsonrpc: '2.0', id, method: 'tools/list', params }, undefined)
      return await page.promise
    } finally {
      own.delete(id)
    }
  }
  const put = (tools: unknown): void => {
    for (const [name, digest] of digestTools(tools)) digests.set(name, digest)
  }
  return {
    expect: (id) => void expected.add(id),
    ask: async (meta) => {
      const { progressToken: _, ...rest } = meta ?? {}
      const common: JsonObject = meta === undefined ? {} : { _meta: rest }
      let params = common
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const { tools, nextCursor } = await askPage(params)
        put(tools)
        if (typeof nextCursor !== 'string') return
        params = { ...common, cursor: nextCursor }
      }
    },
    take: (message) => {
      const { id, method } = message
      if (method === 'notifications/tools/list_changed') digests.clear()
      if (method !== undefined) return false
      const result = resultOf(message)
      if (expected.delete(id) && result !== undefined) putOrForget(result['tools'])
      const page = typeof id === 'string' ? own.get(id) : undefined
      if (result !== undefined) page?.resolve(result)
      else
        page?.reject(
          readEndedCall(message) ??
            new McpError('request_malformed', 'the server does not tell what its tools are'),
        )
      return page !== undefined
    },
  }
  // What is not a list of tools is for whoever asked to complain of; no tool is known by it.
  function putOrForget(tools: unknown): void {
    try {
      put(tools)
    } catch (error) {
      if (!(error instanceof McpError)) throw error
      digests.clear()
    }
  }
}

interface Calls {
  /** Sends a message; lasts until its answer came, where it wants one. */
  during(message: Message, send: () => Promise<void>): Promise<void>
  /** Notes an answer; true for a refusal, with which the sending of the call fails. */
  refuse(answer: Message): boolean
}

function createCalls(): Calls {
  const waiting = new Map<unknown, PromiseWithResolvers<void>>()
  return {
    during: async ({ id, method }, send) => {
      if (id === undefined || method === undefined) return await send()
      const answered = Promise.withResolvers<void>()
      waiting.set(id, answered)
      try {
        await Promise.all([send(), answered.promise])
      } finally {
        waiting.delete(id)
      }
    },
    refuse: (answer) => {
      if (answer.method !== undefined) return false
      const call = waiting.get(answer.id)
      const refusal = readEndedCall(answer)
      if (refusal === undefined) call?.resolve()
      else call?.reject(refusal)
      return call !== undefined && refusal !== undefined
    },
  }
}
