import { isJsonObject, type JsonObject } from '@behalf/core'
import { VerifierError } from '@behalf/verifier'
import { type ForwardedMessage, metaOf } from './forwarded-message.ts'
import { createPendingAnswer, type PendingAnswer } from './pending-answer.ts'
import type { ServerMessage } from './server-message.ts'
import type { ServerProcess, ServerProcessEvents } from './server-process.ts'

/** One server process that answers the requests of many callers, each on its own (MCP 2026-07-28). */
export interface SharedServer {
  /**
   * The answer of the server to this request, and to no other, whatever ids others chose.
   *
   * @param signal aborted when nobody waits any more; the server is told
   * @throws VerifierError rate_limited, mcp_server_unavailable; rejects with the reason of the signal
   */
  ask(message: ForwardedMessage, caller: SharedCaller): Promise<Response>
  /** The server has the notification; one that cancels a request reaches only those of the same caller. */
  tell(message: ForwardedMessage, caller: Pick<SharedCaller, 'agent' | 'delegation'>): void
  stop(): Promise<void>
}

/** Who asks. */
export interface SharedCaller {
  readonly agent: string
  readonly delegation: string
  readonly signal: AbortSignal
}

/** What a shared server works with. */
export interface SharedServerOptions {
  readonly start: (events: Pick<ServerProcessEvents, 'onMessage' | 'onEnd'>) => ServerProcess
  readonly maxInFlight: number
  readonly maxInFlightPerAgent: number
  readonly maxQueuedBytes: number
}

/** Where MCP 2026-07-28 says to which subscription a message belongs. */
const SUBSCRIPTION_META = 'io.modelcontextprotocol/subscriptionId'
/** JSON-RPC 2.0 section 5.1. */
const METHOD_NOT_FOUND = -32_601

interface Asked {
  readonly caller: SharedCaller
  /** As its caller named it. */
  readonly id: string | number
  /** The `_meta` that the server was given. */
  readonly meta: JsonObject
  readonly progressToken: JsonObject[string] | undefined
  readonly answer: PendingAnswer
  readonly over: () => void
}

/** Makes a shared server, which is started with the first request. */
export function createSharedServer(options: SharedServerOptions): SharedServer {
  const asked = new Map<number, Asked>()
  let lastId = 0
  let current: ServerProcess | undefined
  const take = (id: number): Asked | undefined => {
    const found = asked.get(id)
    asked.delete(id)
    found?.over()
    return found
  }
  const onEnd = (): void => {
    current = undefined
    const error = new VerifierError('mcp_server_unavailable', 'the server ended')
    for (const id of asked.keys()) take(id)?.answer.fail(error)
  }
  const onMessage = (message: ServerMessage): void => {
    if (message.kind === 'request') refuse(current, message)
    else if (message.kind === 'response') answer(message)
    else relayNotification(message, asked)
  }
  const answer = ({ id, value }: { readonly id: string | number; readonly value: JsonObject }): void => {
    const found = typeof id === 'number' ? take(id) : undefined
    found?.answer.finish(toCaller(value, found))
  }
  const running = (): ServerProcess => {
    current ??= options.start({ onMessage, onEnd })
    return current
  }
  const cancel = (id: number, reason: unknown): void => {
    const found = take(id)
    if (found === undefined) return
    tellCancelled(current, { id, meta: found.meta })
    found.answer.fail(toRefusal(reason))
  }
  return {
    ask: async (message, caller) => {
      caller.signal.throwIfAborted()
      checkRoom(asked, caller, options)
      lastId += 1
      const id = lastId
      const entry = createEntry(message, { id, caller, options, cancel })
      asked.set(id, entry)
      try {
        running().send(toServer(message.value, { id, hasProgress: entry.progressToken !== undefined }))
      } catch (error) {
        take(id)
        throw error
      }
      return await entry.answer.response
    },
    tell: (message, caller) => {
      const { read, value } = message
      if (read.kind === 'notification' && read.method === 'notifications/cancelled') {
        const found = findOwn(asked, { caller, id: read.params['requestId'] })
        if (found !== undefined) cancel(found, undefined)
        return
      }
      running().send(value)
    },
    stop: async () => {
      const ending = current
      ending?.stop()
      await ending?.ended
    },
  }
}

function checkRoom(
  asked: ReadonlyMap<number, Asked>,
  { agent }: SharedCaller,
  { maxInFlight, maxInFlightPerAgent }: SharedServerOptions,
): void {
  const own = [...asked.values()].filter(({ caller }) => caller.agent === agent).length
  if (asked.size >= maxInFlight || own >= maxInFlightPerAgent) {
    throw new VerifierError('rate_limited', 'too many calls are under way')
  }
}

function createEntry(
  { read, value }: ForwardedMessage,
  facts: {
    readonly id: number
    readonly caller: SharedCaller
    readonly options: SharedServerOptions
    readonly cancel: (id: number, reason: unknown) => void
  },
): Asked {
  const { id, caller, options, cancel } = facts
  if (read.kind !== 'request') throw new TypeError('only requests are asked')
  const meta = metaOf(value['params'] as JsonObject)
  const onGone = (): void => cancel(id, caller.signal.reason)
  const { maxQueuedBytes } = options
  caller.signal.addEventListener('abort', onGone, { once: true })
  return {
    caller,
    id: read.id,
    meta,
    progressToken: meta['progressToken'],
    answer: createPendingAnswer({ id: read.id, maxQueuedBytes, onGone }),
    over: () => caller.signal.removeEventListener('abort', onGone),
  }
}

/** The message under an id that nobody else has; so the token of its progress. */
function toServer(
  value: JsonObject,
  { id, hasProgress }: { readonly id: number; readonly hasProgress: boolean },
): JsonObject {
  if (!hasProgress) return { ...value, id }
  const params = value['params'] as JsonObject
  return { ...value, id, params: { ...params, _meta: { ...metaOf(params), progressToken: id } } }
}

/** The answer under the id of its caller. */
function toCaller(value: JsonObject, { id }: Pick<Asked, 'id'>): JsonObject {
  const { result } = value
  if (!isJsonObject(result)) return { ...value, id }
  return { ...value, id, result: withSubscription(result, id) }
}

/** A notification belongs to the request that it names. What names none could be anybody's, and is for nobody. */
function relayNotification(
  { params, value }: { readonly params: JsonObject; readonly value: JsonObject },
  asked: ReadonlyMap<number, Asked>,
): void {
  const { progressToken, _meta: meta } = params
  const named = isJsonObject(meta) ? meta[SUBSCRIPTION_META] : undefined
  const id = progressToken ?? named
  const found = typeof id === 'number' ? asked.get(id) : undefined
  if (found === undefined) return
  const token = found.progressToken
  const own = withSubscription(params, found.id)
  const hasToken = progressToken !== undefined && token !== undefined
  found.answer.tell({ ...value, params: hasToken ? { ...own, progressToken: token } : own })
}

function withSubscription(holder: JsonObject, id: string | number): JsonObject {
  const { _meta: meta } = holder
  if (!isJsonObject(meta) || meta[SUBSCRIPTION_META] === undefined) return holder
  return { ...holder, _meta: { ...meta, [SUBSCRIPTION_META]: id } }
}

/** The one request of this caller with this id. */
function findOwn(
  asked: ReadonlyMap<number, Asked>,
  { caller, id }: { readonly caller: Pick<SharedCaller, 'agent' | 'delegation'>; readonly id: unknown },
): number | undefined {
  const { agent, delegation } = caller
  const own = [...asked].filter(
    ([, entry]) => entry.id === id && entry.caller.agent === agent && entry.caller.delegation === delegation,
  )
  return own.length === 1 ? own[0]?.[0] : undefined
}

/** Nobody can be asked: whose request it belongs to is not said, and MCP 2026-07-28 has no such requests. */
function refuse(server: ServerProcess | undefined, { id }: { readonly id: string | number }): void {
  const message = 'this client takes no requests: ask with an input_required result'
  sendQuietly(server, { jsonrpc: '2.0', id, error: { code: METHOD_NOT_FOUND, message } })
}

// The `_meta` says which version is spoken; without it a server could take the connection for one of another.
function tellCancelled(
  server: ServerProcess | undefined,
  { id, meta }: { readonly id: number; readonly meta: JsonObject },
): void {
  const { progressToken: _, ...rest } = meta
  const params = { requestId: id, reason: 'nobody waits for it', _meta: rest }
  sendQuietly(server, { jsonrpc: '2.0', method: 'notifications/cancelled', params })
}

function sendQuietly(server: ServerProcess | undefined, message: JsonObject): void {
  try {
    server?.send(message)
  } catch (error) {
    // Who does not read will be found out by whoever waits for an answer.
    if (!(error instanceof VerifierError)) throw error
  }
}

function toRefusal(reason: unknown): VerifierError {
  if (reason instanceof VerifierError) return reason
  return new VerifierError('mcp_server_unavailable', 'the call was cancelled')
}
