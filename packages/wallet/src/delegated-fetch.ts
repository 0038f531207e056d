import type { Clock } from '@behalf/core'
import type { HttpAccess } from '@behalf/credential'
import { DELEGATION_TAG } from '@behalf/http-signature'
import { type AgentContext, serializeAgentContext } from './agent-context.ts'
import { answerChallenge, asksForEvidence } from './answer-challenge.ts'
import { type ChainReferences, createChainReferences, isCacheMiss } from './chain-references.ts'
import { chooseDelegation, namesOrigin } from './choose-delegation.ts'
import type { Fetch } from './fetch.ts'
import { type HeldDelegation, isExpired } from './held-delegation.ts'
import { normalizeMethod } from './normalize-method.ts'
import { readRequestBody } from './request-body.ts'
import type { PendingApproval, RequestDelegationOptions } from './request-delegation.ts'
import { parseRequestTarget, type RequestTarget } from './request-target.ts'
import { type Presentation, type RequestDraft, type RequestSigner, SIGNATURE_FIELDS } from './sign-request.ts'
import { type NeededAccess, planRenewal, planStepUp, type StepUp } from './step-up.ts'

/** Options of one signed request: those of fetch, and which delegation and what to say about the call. */
export interface WalletRequestInit extends RequestInit {
  /** Id of the delegation to present; without it the wallet chooses. */
  readonly delegation?: string
  /** Sent and signed as Agent-Context. */
  readonly context?: AgentContext
  /**
   * `request`: when the call is refused because the delegation does not cover it or has ended, ask the authority for
   * what it needs, wait for the person, and send it once more. Default: the refusal is returned.
   */
  readonly onRefused?: 'request'
  /** With `onRefused`: called once when a person has to decide. */
  readonly onPending?: (pending: PendingApproval) => void
  /** With `onRefused`: how long to wait for the person. Default: as long as the request stands. */
  readonly maxWaitSeconds?: number
}

/** What createDelegatedFetch needs. */
export interface DelegatedFetchOptions {
  readonly signer: RequestSigner
  readonly fetch: Fetch
  readonly clock: Clock
  readonly allowPlainHttp: boolean
  /** The delegations of the moment, newest first. */
  readonly held: () => readonly HeldDelegation[]
  /** Asks an authority, waits for the person, and keeps what came of it. */
  readonly obtain: (options: RequestDelegationOptions) => Promise<HeldDelegation>
}

/**
 * A fetch that signs every request under a delegation, answers one challenge, shows the evidence of the approval with
 * the whole chain to an API that asks for it, and where it is told so asks a person for more, once. Redirects are
 * returned, never followed. See Wallet.fetch for what it throws.
 */
export function createDelegatedFetch(
  options: DelegatedFetchOptions,
): (url: string | URL, init?: WalletRequestInit) => Promise<Response> {
  const send = createChallengedSend(options)
  const { clock, held, allowPlainHttp, obtain } = options

  return async (url, init = {}) => {
    const target = parseRequestTarget(url, allowPlainHttp)
    const draft = await draftRequest(target, init)
    const { method } = draft
    const ask = (plan: StepUp): Promise<HeldDelegation> => obtain(toQuestion(plan, init))
    const ended = planAhead(held(), { method, target, now: clock() }, init)
    if (ended !== undefined) return await send(draft, await ask(ended), init)
    const delegation = chooseDelegation(held(), toAccess(draft, clock()), init.delegation)
    const response = await send(draft, delegation, init)
    if (init.onRefused !== 'request') return response
    const plan = await planStepUp(response, delegation, { method, target, now: clock() })
    if (plan === undefined) return response
    await response.body?.cancel()
    return await send(draft, await ask(plan), init)
  }
}

/** Nothing that is held can be presented, but something could be asked for again. */
function planAhead(
  held: readonly HeldDelegation[],
  needed: NeededAccess,
  init: WalletRequestInit,
): StepUp | undefined {
  if (init.onRefused !== 'request' || init.delegation !== undefined) return undefined
  const isUsable = held.some(
    (delegation) => !isExpired(delegation, needed.now) && namesOrigin(delegation, needed.target.origin),
  )
  return isUsable ? undefined : planRenewal(held, needed)
}

function toQuestion({ authority, terms }: StepUp, init: WalletRequestInit): RequestDelegationOptions {
  const { signal, onPending, maxWaitSeconds } = init
  return {
    ...terms,
    authority,
    ...(signal && { signal }),
    ...(onPending && { onPending }),
    ...(maxWaitSeconds !== undefined && { maxWaitSeconds }),
  }
}

type Send = (draft: RequestDraft, delegation: HeldDelegation, init: WalletRequestInit) => Promise<Response>

/** Sends a request under a delegation, answers one challenge, and shows the evidence where it is asked for. */
function createChallengedSend(options: DelegatedFetchOptions): Send {
  const { signer, clock } = options
  const references = createChainReferences()

  return async (unsigned, delegation, init) => {
    const { target } = unsigned
    const draft = withContext(unsigned, init.context, delegation)
    const attempt = async (presentation: Presentation, extra: readonly string[]): Promise<Attempt> => {
      const headers = await signer.sign(draft, presentation, extra)
      return { headers, response: await options.fetch(target.href, toInit(draft, headers, init)) }
    }
    const send = (extra: readonly string[] = []): Promise<Attempt> =>
      presentBriefly(delegation, {
        origin: target.origin,
        references,
        clock,
        attempt: (by) => attempt(by, extra),
      })

    const first = await send()
    const challenged = { method: draft.method, headers: first.headers, tag: DELEGATION_TAG }
    const extra = await answerChallenge(first.response, challenged)
    const { response } = extra === undefined ? first : await again(first, () => send(extra))
    const { evidence } = delegation
    if (evidence === undefined || !(await asksForEvidence(response, DELEGATION_TAG))) return response
    const shown = await again({ response }, () =>
      attempt({ ...presentDelegation(delegation), evidence }, extra ?? []),
    )
    references.learn(target.origin, delegation, shown.response)
    return shown.response
  }
}

interface Attempt {
  /** All fields of the request, as sent. */
  readonly headers: Headers
  readonly response: Response
}

/** Sends once more, when nobody will read the refusal. */
async function again(refused: Pick<Attempt, 'response'>, send: () => Promise<Attempt>): Promise<Attempt> {
  await refused.response.body?.cancel()
  return send()
}

interface BriefOptions {
  readonly origin: string
  readonly references: ChainReferences
  readonly clock: Clock
  readonly attempt: (presentation: Presentation) => Promise<Attempt>
}

/** Names the chain to an origin that said it holds it, and sends it in full to all others; to one that lost it, once. */
async function presentBriefly(delegation: HeldDelegation, options: BriefOptions): Promise<Attempt> {
  const { origin, references, clock, attempt } = options
  if (references.isHeld(origin, delegation, clock())) {
    const named = await attempt(nameDelegation(delegation))
    if (!isCacheMiss(named.response)) return named
    references.forget(origin, delegation)
    await named.response.body?.cancel()
  }
  const shown = await attempt(presentDelegation(delegation))
  references.learn(origin, delegation, shown.response)
  return shown
}

async function draftRequest(target: RequestTarget, init: WalletRequestInit): Promise<RequestDraft> {
  if (init.redirect === 'follow') {
    throw new TypeError('a signed request is not sent to another URL: follow redirects with a new request')
  }
  const headers = new Headers(init.headers)
  // Another Host would send the request elsewhere than its signature says.
  const reserved = [...SIGNATURE_FIELDS, 'host'].find((name) => headers.has(name))
  if (reserved !== undefined) throw new TypeError(`the field ${reserved} is not the caller's to set`)
  const method = normalizeMethod(init.method ?? 'GET')
  const body = await readRequestBody(init.body)
  if (body === undefined) return { method, target, headers }
  if (body.contentType !== undefined && !headers.has('content-type'))
    headers.set('content-type', body.contentType)
  return { method, target, headers, body: body.bytes }
}

function toAccess({ method, target, headers, body }: RequestDraft, now: number): HttpAccess {
  const { origin, path, query } = target
  const contentType = headers.get('content-type') ?? undefined
  return {
    type: 'http',
    origin,
    method,
    path,
    query,
    now,
    ...(body === undefined ? {} : { body }),
    ...(contentType === undefined ? {} : { contentType }),
  }
}

function withContext(
  draft: RequestDraft,
  context: AgentContext = {},
  delegation: HeldDelegation,
): RequestDraft {
  const agentContext = serializeAgentContext(context, delegation.leaf.workflow?.run)
  return agentContext === undefined ? draft : { ...draft, agentContext }
}

function presentDelegation({ chain }: HeldDelegation): Presentation {
  const [leaf, ...ancestors] = chain.toReversed()
  return {
    tag: DELEGATION_TAG,
    signatureKey: { scheme: 'jwt', jwt: leaf ?? '', cache: true },
    ancestors: ancestors.toReversed(),
  }
}

function nameDelegation({ digest }: HeldDelegation): Presentation {
  return { tag: DELEGATION_TAG, signatureKey: { scheme: 'cached', cid: digest }, ancestors: [] }
}

function toInit(draft: RequestDraft, headers: Headers, init: WalletRequestInit): RequestInit {
  const {
    delegation: _delegation,
    context: _context,
    body: _body,
    onRefused: _onRefused,
    onPending: _onPending,
    maxWaitSeconds: _maxWaitSeconds,
    ...rest
  } = init
  const redirect = init.redirect === 'error' ? 'error' : 'manual'
  const request: RequestInit = { ...rest, method: draft.method, headers, redirect }
  return draft.body === undefined ? request : { ...request, body: draft.body }
}
