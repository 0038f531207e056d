import { type BoundedMap, createBoundedMap } from '@behalf/core'
import type { HeldDelegation, ProveMessageOptions } from '@behalf/wallet'
import { McpError } from './error.ts'
import type { McpCaller } from './mcp-caller.ts'
import type { StdioRefusal } from './stdio-answer.ts'
import { createStdioAnswers, type StdioAnswers } from './stdio-answers.ts'
import { attachProof, readStdioOutgoing, type StdioOutgoing } from './stdio-outgoing.ts'
import { cancelledBy } from './stdio-protocol.ts'
import { isOpening } from './stdio-session.ts'
import { createTurns, type Turns } from './turns.ts'
import { sendOver, type TransportLike, wrapTransport } from './wrap-transport.ts'

/** How messages are proven. */
export interface ProveMessagesOptions {
  readonly caller: McpCaller
  /** Of the tools as the server tells them now. */
  readonly digests: () => ReadonlyMap<string, string>
  /** The greatest message, in bytes, its proof included. */
  readonly maxMessageBytes: number
}

interface Proving extends ProveMessagesOptions {
  readonly inner: TransportLike
  readonly answers: StdioAnswers
  readonly turns: Turns
  /** By the digest of a chain: whether the server holds it, as far as is known. */
  readonly chains: BoundedMap<'held' | 'lost'>
  /** The session of MCP 2025-11-25, once it was opened. */
  session?: {
    readonly delegation: string
    /** What it was opened with, so that it can be opened again under another delegation. */
    readonly opening: StdioOutgoing
  }
  /** How often that was. */
  reopened: number
}

type Show = NonNullable<ProveMessageOptions['show']>

/** A call, as often as it has to be made until it is answered. */
interface Call {
  readonly id: string | number
  readonly delegation: HeldDelegation
  put(show: Show): Promise<void>
  /** See `StdioAnswers`. */
  onAnswer(answer: object): boolean
}

const MAX_CHAINS = 1000

/**
 * Has each message that a transport sends carry its proof, under the delegation that allows it. Sending a request ends
 * with its answer, and rejects where that is a refusal. A chain that the server took once is named from then on; a
 * session goes on under one delegation, and is opened again where a call needs another.
 *
 * @param inner not started
 */
export function proveMessages<Transport extends TransportLike>(
  inner: Transport,
  options: ProveMessagesOptions,
): Transport {
  const { caller, digests } = options
  const answers = createStdioAnswers()
  const chains = createBoundedMap<'held' | 'lost'>(MAX_CHAINS)
  const proving: Proving = { ...options, inner, answers, chains, turns: createTurns(), reopened: 0 }
  return wrapTransport<Transport, object>(inner, {
    send: async (raw, sendOptions) => {
      const outgoing = readStdioOutgoing(raw, sendOptions, options.maxMessageBytes)
      const { message } = outgoing
      try {
        const preferred = proving.session?.delegation
        await deliver(outgoing, await caller.delegationFor(message, digests(), preferred), proving)
      } catch (error) {
        const another = await caller.delegationAfter(error, message, digests())
        if (another === undefined) throw error
        await deliver(outgoing, another, proving)
      }
      // What was cancelled is not answered.
      answers.forget(cancelledBy(outgoing.plain))
    },
    receive: (message, pass) => {
      if (!answers.take(message)) pass()
    },
    close: () => answers.close(),
  })
}

async function deliver(outgoing: StdioOutgoing, delegation: HeldDelegation, proving: Proving): Promise<void> {
  const { message } = outgoing
  const put = (show: Show): Promise<void> =>
    proving.turns.take(async () => {
      await goOnUnder(delegation, outgoing, proving)
      await write(outgoing, { delegation, show }, proving)
    })
  // Nobody answers these, so nobody would say that the chain is not held.
  if (message.kind !== 'request') await put('chain')
  else {
    const onAnswer = (answer: object): boolean => {
      if (isOpening(message) && 'result' in answer)
        proving.session = { delegation: delegation.id, opening: outgoing }
      return false
    }
    await converse({ id: message.id, delegation, put, onAnswer }, proving)
  }
}

/** The call is made, and once more where the server wants to see more. */
async function converse(call: Call, { answers, chains }: Proving): Promise<void> {
  const { digest, evidence } = call.delegation
  const ask = async (show: Show): Promise<StdioRefusal | undefined> => {
    const answer = answers.expect(call.id, (message) => call.onAnswer(message))
    try {
      await call.put(show)
    } catch (error) {
      answers.forget(call.id)
      throw error
    }
    return await answer
  }
  let refusal = await ask(chains.get(digest) === 'held' ? 'name' : 'chain')
  if (refusal?.error.code === 'cache_miss') {
    // One that loses it once is not relied on again.
    chains.set(digest, 'lost')
    refusal = await ask('chain')
  }
  if (refusal?.asksForEvidence === true && evidence !== undefined) refusal = await ask('evidence')
  if (refusal !== undefined) throw refusal.error
  if (chains.get(digest) !== 'lost') chains.set(digest, 'held')
}

/** The session goes on under this delegation: as it is, or opened again, which nobody else is told of. */
async function goOnUnder(
  delegation: HeldDelegation,
  { message }: StdioOutgoing,
  proving: Proving,
): Promise<void> {
  const { session } = proving
  if (session === undefined || isOpening(message) || session.delegation === delegation.id) return
  proving.reopened += 1
  const id = `behalf-open-${proving.reopened}`
  const { opening } = session
  const outgoing = { ...opening, plain: { ...opening.plain, id } }
  let isOpen = false
  const call: Call = {
    id,
    delegation,
    put: (show) => write(outgoing, { delegation, show }, proving),
    onAnswer: (answer) => {
      isOpen = 'result' in answer
      return true
    },
  }
  await converse(call, proving)
  if (!isOpen) throw new McpError('mcp_session_mismatch', 'the server opened no session')
  proving.session = { delegation: delegation.id, opening }
  await write(INITIALIZED, { delegation, show: 'chain' }, proving)
}

const METHOD = 'notifications/initialized'
const INITIALIZED: StdioOutgoing = {
  plain: { method: METHOD, params: { _meta: {} } },
  message: { kind: 'notification', method: METHOD, params: {} },
  options: undefined,
}

async function write(
  outgoing: StdioOutgoing,
  { delegation, show }: { readonly delegation: HeldDelegation; readonly show: Show },
  { caller, inner, maxMessageBytes }: Proving,
): Promise<void> {
  const proof = await caller.wallet.proveMessage(outgoing.plain, {
    audience: caller.url.href,
    delegation: delegation.id,
    context: caller.contextOf(outgoing.message),
    show,
  })
  await sendOver(inner, attachProof(outgoing, proof, maxMessageBytes), outgoing.options)
}
