import { type Clock, createUuid, type RandomBytes, type Signer } from '@behalf/core'
import { createDpopProof } from '@behalf/credential'
import { type AccessToken, chooseForResource, type ExchangeTokenOptions } from './exchange-token.ts'
import type { Fetch } from './fetch.ts'
import type { HeldDelegation } from './held-delegation.ts'
import { normalizeMethod } from './normalize-method.ts'
import { readRequestBody } from './request-body.ts'
import { parseRequestTarget, type RequestTarget } from './request-target.ts'

/** Options of one request with a token: those of fetch, and which token. */
export interface TokenRequestInit extends RequestInit {
  /** Id of the delegation to exchange; without it the newest unexpired one that names the resource. */
  readonly delegation?: string
  /** The resource of the token. Default: the origin of the URL. */
  readonly resource?: string
}

/** What createTokenFetch needs. */
export interface TokenFetchOptions {
  readonly signer: Signer
  readonly fetch: Fetch
  readonly clock: Clock
  readonly random: RandomBytes
  readonly allowPlainHttp: boolean
  /** The delegations of the moment, newest first. */
  readonly held: () => readonly HeldDelegation[]
  readonly exchange: (options: ExchangeTokenOptions) => Promise<AccessToken>
}

interface Call {
  readonly target: RequestTarget
  readonly method: string
  readonly init: RequestInit
}

/** A token that ends sooner than this is not sent any more: the request has to arrive, too. */
const MIN_LEFT_MS = 5000
const OWN_FIELDS = ['authorization', 'dpop', 'host']

/**
 * A fetch that sends every request with a token for its API and a proof of the key. Tokens are kept until shortly
 * before they end, and nonces of an API until it gives another. One 401 that gives a nonce, and one that says that the
 * token holds no more, is answered, each once. See Wallet.tokenFetch for what it throws.
 *
 * @see RFC 9449 sections 7 and 9
 */
export function createTokenFetch(
  options: TokenFetchOptions,
): (url: string | URL, init?: TokenRequestInit) => Promise<Response> {
  const tokens = createTokens(options)
  const nonces = new Map<string, string>()

  async function send(call: Call, token: AccessToken): Promise<Response> {
    const { origin } = call.target
    const response = await attempt(options, call, { token, nonce: nonces.get(origin) })
    const nonce = response.headers.get('dpop-nonce')
    if (nonce !== null) nonces.set(origin, nonce)
    return response
  }

  async function sendWithNonce(call: Call, token: AccessToken): Promise<Response> {
    const response = await send(call, token)
    if (errorOf(response) !== 'use_dpop_nonce' || !response.headers.has('dpop-nonce')) return response
    await response.body?.cancel()
    return await send(call, token)
  }

  return async (url, { delegation, resource, ...init } = {}) => {
    const call = await draftCall(parseRequestTarget(url, options.allowPlainHttp), init)
    const wanted = {
      resource: resource ?? call.target.origin,
      ...(delegation !== undefined && { delegation }),
      ...(init.signal && { signal: init.signal }),
    }
    const held = await tokens.get(wanted)
    const response = await sendWithNonce(call, held.token)
    if (held.isNew || errorOf(response) !== 'invalid_token') return response
    await response.body?.cancel()
    tokens.forget(wanted)
    return await sendWithNonce(call, (await tokens.get(wanted)).token)
  }
}

async function draftCall(target: RequestTarget, init: RequestInit): Promise<Call> {
  if (init.redirect === 'follow') {
    throw new TypeError('a proof is not sent to another URL: follow redirects with a new request')
  }
  const headers = new Headers(init.headers)
  const reserved = OWN_FIELDS.find((name) => headers.has(name))
  if (reserved !== undefined) throw new TypeError(`the field ${reserved} is not the caller's to set`)
  const body = await readRequestBody(init.body)
  if (body?.contentType !== undefined && !headers.has('content-type')) {
    headers.set('content-type', body.contentType)
  }
  const method = normalizeMethod(init.method ?? 'GET')
  const redirect = init.redirect === 'error' ? 'error' : 'manual'
  return { target, method, init: { ...init, method, headers, redirect, ...(body && { body: body.bytes }) } }
}

async function attempt(
  { signer, fetch, clock, random }: TokenFetchOptions,
  { target, method, init }: Call,
  { token, nonce }: { readonly token: AccessToken; readonly nonce: string | undefined },
): Promise<Response> {
  const proof = await createDpopProof({
    signer,
    method,
    url: target.href,
    accessToken: token.token,
    ...(nonce !== undefined && { nonce }),
    now: clock(),
    jti: createUuid(random),
  })
  const headers = new Headers(init.headers)
  headers.set('authorization', `DPoP ${token.token}`)
  headers.set('dpop', proof)
  return await fetch(target.href, { ...init, headers })
}

/** The error that a challenge of DPoP names. */
function errorOf({ status, headers }: Response): string | undefined {
  if (status !== 401) return undefined
  return /\bDPoP\b.*?\berror="([a-z_]+)"/u.exec(headers.get('www-authenticate') ?? '')?.[1]
}

interface Tokens {
  get(wanted: ExchangeTokenOptions): Promise<{ readonly token: AccessToken; readonly isNew: boolean }>
  forget(wanted: ExchangeTokenOptions): void
}

/** The tokens of the moment, by what they were exchanged for. */
function createTokens({ clock, held, exchange }: TokenFetchOptions): Tokens {
  const known = new Map<string, AccessToken>()
  const isUsable = ({ expiresAt }: AccessToken): boolean => expiresAt - clock() > MIN_LEFT_MS
  const nameOf = (wanted: ExchangeTokenOptions): string =>
    `${chooseForResource(held(), wanted, clock()).id} ${wanted.resource}`
  return {
    get: async (wanted) => {
      const name = nameOf(wanted)
      const kept = known.get(name)
      if (kept && isUsable(kept)) return { token: kept, isNew: false }
      for (const [other, token] of known) if (!isUsable(token)) known.delete(other)
      const token = await exchange(wanted)
      known.set(name, token)
      return { token, isNew: true }
    },
    forget: (wanted) => void known.delete(nameOf(wanted)),
  }
}
