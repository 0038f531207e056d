import {
  type Clock,
  createEd25519Signer,
  type JsonObject,
  type RandomBytes,
  type Signer,
  systemClock,
  systemRandomBytes,
} from '@behalf/core'
import type { IssuerKeys } from '@behalf/credential'
import { type Did, encodeDidKey } from '@behalf/did'
import type { Tracer } from '@opentelemetry/api'
import type { RevocationReceipt } from './authority-answer.ts'
import { type AuthorityClient, createAuthorityClient } from './authority-client.ts'
import { checkChain, didKeyIssuers } from './check-chain.ts'
import { findDelegation } from './choose-delegation.ts'
import { type CollectDelegationOptions, collectDelegation } from './collect-delegation.ts'
import { chooseParent, type DelegateOptions, delegateChild } from './delegate-child.ts'
import { createDelegatedFetch, type WalletRequestInit } from './delegated-fetch.ts'
import { translateErrors, WalletError } from './error.ts'
import { type AccessToken, type ExchangeTokenOptions, exchangeToken } from './exchange-token.ts'
import type { Fetch } from './fetch.ts'
import type { DelegationBundle, HeldDelegation } from './held-delegation.ts'
import { createKeySender, type SendKeyRequest } from './key-request.ts'
import { createMessageProver, type ProveMessageOptions } from './prove-message.ts'
import { readBundle } from './read-bundle.ts'
import { type RequestDelegationOptions, requestDelegation } from './request-delegation.ts'
import { DANGEROUSLY_ALLOW_PLAIN_HTTP } from './request-target.ts'
import { createRequestSigner, type RequestSigner } from './sign-request.ts'
import { isFromAuthority, termsOf } from './step-up.ts'
import { createTokenFetch, type TokenRequestInit } from './token-fetch.ts'
import { traceFetch } from './trace-fetch.ts'
import { type Wait, waitMilliseconds } from './wait.ts'
import { addDelegation, type WalletStore } from './wallet-store.ts'

/** Surroundings of a wallet, replaced in tests. */
export interface WalletOptions {
  /** Default: the global fetch. */
  readonly fetch?: Fetch
  /** Default: the system's. */
  readonly clock?: Clock
  /** Default: the system's. */
  readonly random?: RandomBytes
  /** Between polls. Default: a timer. */
  readonly wait?: Wait
  /** Keys of root issuers, for the chains the wallet takes in. Default: the key in a did:key issuer's own name. */
  readonly issuerKeys?: IssuerKeys
  /** From created to expires, 1 to 300. Default 60. */
  readonly signatureLifetimeSeconds?: number
  /** Makes each request a span, and tells its receiver of it (W3C Trace Context). Default: neither. */
  readonly tracer?: Tracer
  /** Signed requests over plain http to any host. */
  readonly [DANGEROUSLY_ALLOW_PLAIN_HTTP]?: boolean
}

/** How a delegation is renewed. */
export type RenewOptions = Pick<RequestDelegationOptions, 'onPending' | 'signal' | 'maxWaitSeconds'>

/** How a revocation is made. */
export interface RevokeOptions {
  /** Origin of the authority; default: the one that publishes the status of the delegation. */
  readonly authority?: string
  /** For the authority's record. */
  readonly reason?: string
}

/**
 * One agent: its key, which never leaves, and its delegations. There is no way to have it sign bytes of the caller's
 * choice: it signs requests and proofs of messages that it builds itself, and delegations that attenuate its own.
 *
 * Refusals are {@link WalletError} with a code; wrong arguments are TypeError.
 */
export interface Wallet {
  /** The agent: the `did:key` of the wallet's key. */
  readonly did: Did

  /**
   * Sends a request signed by this agent under one of its delegations, like fetch. The named delegation is presented,
   * else the newest unexpired one that authorises the request, else the newest that names the origin.
   *
   * Redirects are returned, never followed: a signature is for one target. One 401 whose Accept-Signature demands
   * more, or whose code says that a new signature can help, is answered with a new nonce; nothing is ever left out
   * because a peer asks for less. To an origin that said it holds the chain the chain is named instead of sent
   * (`Signature-Key-Cache`), and sent in full, once, when it does not hold it any more. Any other failure is the caller's to retry, by a new call, which takes a new nonce.
   *
   * With `onRefused: 'request'` a call that is refused for scope (scope_exceeded, audience_mismatch) or because its
   * delegation ended is followed by a question to the authority of that delegation: for exactly this method and path,
   * or for the same terms again as far as they name this API. When the person agrees, the call is sent once more under
   * a new signature, and its answer is returned, whatever it is. A delegation that another agent handed on is not
   * asked about. Never by default: somebody is asked, and the call may take as long as they do.
   *
   * @throws {WalletError} credential_missing: no delegation to present; component_missing, component_unsupported: a
   *   challenge that this request cannot meet; with `onRefused` also as requestDelegation
   * @throws {TypeError} for a URL that is neither https nor loopback, or with credentials; a body that is a stream;
   *   `redirect: 'follow'`; the field Host and fields the wallet writes itself; and when the network fails, as fetch
   * @see RFC 9421
   */
  fetch(url: string | URL, init?: WalletRequestInit): Promise<Response>

  /**
   * A delegation is exchanged at its authority for an access token of one API that speaks OAuth. The token allows no
   * more than the delegation does there, lives for about a minute, dies with the delegation, and is of use only with
   * proof of this agent's key: see {@link Wallet.tokenFetch}, or any DPoP library for another key store.
   *
   * @throws {WalletError} credential_missing: no delegation names the resource; invalid_target, invalid_scope,
   *   invalid_grant, credential_revoked and other codes of the authority
   * @see RFC 8693, RFC 8707, RFC 9396
   */
  exchangeToken(options: ExchangeTokenOptions): Promise<AccessToken>

  /**
   * Sends a request with an access token and a DPoP proof, like fetch. The token is exchanged when there is none that
   * lives long enough. Redirects are returned, never followed. A 401 that gives a nonce, and one that says that the
   * token does not hold any more, is answered once. A proof covers neither body nor query: where both count, use
   * {@link Wallet.fetch}.
   *
   * @throws {WalletError} as exchangeToken
   * @throws {TypeError} as fetch, and for the fields Authorization and DPoP
   * @see RFC 9449
   */
  tokenFetch(url: string | URL, init?: TokenRequestInit): Promise<Response>

  /**
   * A proof for one JSON-RPC message, to be sent with it where there are no headers, such as MCP over stdio: who sends
   * it, to which server and under which delegation, good for this message and once. Nothing is sent.
   *
   * @param message - its members `id`, `method` and `params`, or `id` and `result` or `error`, as they will be sent
   * @throws {WalletError} credential_missing: the wallet does not hold the delegation; json_ambiguous: JSON cannot
   *   express the message
   * @throws {TypeError} for other members, and for context that is not printable ASCII
   */
  proveMessage(message: JsonObject, options: ProveMessageOptions): Promise<JsonObject>

  /**
   * The delegation an authority issued for what was asked, checked and kept. Waits for the person who decides.
   *
   * @throws {WalletError} access_denied (with the reason in `detail`, quoted, when the authority gives one),
   *   approval_expired and other codes of the authority; attenuation_violation,
   *   key_mismatch, issuer_untrusted for a delegation that was not asked for
   */
  requestDelegation(options: RequestDelegationOptions): Promise<HeldDelegation>

  /**
   * The delegation for a request that this agent made earlier, say before a restart: waited for, checked and kept as
   * by {@link Wallet.requestDelegation}. What was asked is what the authority says was asked.
   *
   * @throws {WalletError} as requestDelegation; not_found: no such request of this agent; with `once`
   *   authorization_pending and slow_down
   */
  collectDelegation(options: CollectDelegationOptions): Promise<HeldDelegation>

  /**
   * A delegation on the terms of a held one, asked for again before it ends or up to a day after; the old one stays
   * as it is. Waits for the person who decides, unless the agent is enrolled for it.
   *
   * @param delegation - one of {@link Wallet.delegations}, or its id
   * @throws {WalletError} credential_missing: the wallet does not hold it; delegation_not_permitted: another agent
   *   handed it on, and only that agent can do so again; and as requestDelegation
   */
  renew(delegation: HeldDelegation | string, options?: RenewOptions): Promise<HeldDelegation>

  /**
   * A narrower part of a held delegation for another agent, registered with the authority so that it can be revoked.
   *
   * @returns the bundle to hand to the other agent; it is no secret, only the other agent's key can use it
   * @throws {WalletError} credential_missing, credential_expired, delegation_not_permitted, attenuation_violation,
   *   policy_unknown, chain_too_deep, credential_too_large and other codes of verifyDelegationChain; codes of the
   *   authority
   */
  delegate(options: DelegateOptions): Promise<DelegationBundle>

  /**
   * The delegation in a bundle, checked and kept.
   *
   * @throws {WalletError} key_mismatch: it is for another agent; credential_expired; input_invalid: another of this
   *   id is held; and other codes of verifyDelegationChain
   */
  receive(bundle: DelegationBundle | readonly string[]): Promise<HeldDelegation>

  /**
   * A held or passed-on delegation, and everything below it, is revoked and the authority has published it.
   *
   * @throws {WalletError} not_found: neither held nor passed on, and no authority named; codes of the authority
   */
  revoke(id: string, options?: RevokeOptions): Promise<RevocationReceipt>

  /** Delegations to this agent, newest first; for a day longer than they live. */
  delegations(): readonly HeldDelegation[]

  /** Delegations by this agent to others, newest first; for a day longer than they live. */
  issued(): readonly HeldDelegation[]

  /**
   * The routes of an authority, called with this agent's key.
   *
   * @throws {TypeError} for what is not an origin, or neither https nor loopback
   */
  authority(origin: string): AuthorityClient
}

interface Agent {
  readonly did: Did
  readonly signer: Signer
  readonly requestSigner: RequestSigner
  readonly lifetimeSeconds: number
  readonly store: WalletStore
  readonly fetch: Fetch
  readonly clock: Clock
  readonly random: RandomBytes
  readonly wait: Wait
  readonly issuerKeys: IssuerKeys
  readonly allowPlainHttp: boolean
}

const DEFAULT_LIFETIME_SECONDS = 60

/**
 * The wallet of a key and its records.
 *
 * @param seed - 32 bytes; the caller's copy is not kept
 */
export function createWallet(seed: Uint8Array, store: WalletStore, options: WalletOptions = {}): Wallet {
  const agent = createAgent(seed, store, options)
  const { did } = agent
  const authority = createAuthorityOf(agent)
  const obtain = (asked: RequestDelegationOptions): Promise<HeldDelegation> =>
    ask(agent, authority(asked.authority), asked)
  const held = (): readonly HeldDelegation[] => store.read().held
  const delegatedFetch = createDelegatedFetch({ ...agent, signer: agent.requestSigner, held, obtain })
  const exchange = (wanted: ExchangeTokenOptions): Promise<AccessToken> =>
    exchangeToken({ ...agent, held, send: createSender(agent) }, wanted)
  const prove = createMessageProver({ ...agent, held })
  const tokenFetch = createTokenFetch({ ...agent, held, exchange })

  // Everything secret lives in closures: nothing that prints, serialises or clones this object can reach it.
  return Object.freeze({
    did,
    fetch: (url, init) => translateErrors(() => delegatedFetch(url, init)),
    exchangeToken: (wanted) => translateErrors(() => exchange(wanted)),
    proveMessage: (message, how) => translateErrors(() => prove(message, how)),
    tokenFetch: (url, init) => translateErrors(() => tokenFetch(url, init)),
    requestDelegation: (asked) => translateErrors(() => obtain(asked)),
    renew: (delegation, how) => translateErrors(() => obtain(renewalOf(agent, delegation, how))),
    collectDelegation: (made) => translateErrors(() => collect(agent, authority(made.authority), made)),
    delegate: (child) => translateErrors(() => passOn(agent, authority, child)),
    receive: (bundle) => translateErrors(() => takeIn(agent, bundle)),
    revoke: (id, revocation) => translateErrors(() => revoke(agent, authority, { id, ...revocation })),
    delegations: held,
    issued: () => store.read().issued,
    authority,
  } satisfies Wallet)
}

function createAgent(seed: Uint8Array, store: WalletStore, options: WalletOptions): Agent {
  const { clock = systemClock, random = systemRandomBytes } = options
  const signer = createEd25519Signer(seed)
  const did = encodeDidKey(signer.publicKey)
  const lifetimeSeconds = options.signatureLifetimeSeconds ?? DEFAULT_LIFETIME_SECONDS
  return {
    did,
    signer,
    requestSigner: createRequestSigner({ did, signer, clock, random, lifetimeSeconds }),
    lifetimeSeconds,
    store,
    fetch: chooseFetch(options),
    clock,
    random,
    wait: options.wait ?? waitMilliseconds,
    issuerKeys: options.issuerKeys ?? didKeyIssuers,
    allowPlainHttp: options[DANGEROUSLY_ALLOW_PLAIN_HTTP] === true,
  }
}

function chooseFetch({ fetch = (url, init) => globalThis.fetch(url, init), tracer }: WalletOptions): Fetch {
  return tracer === undefined ? fetch : traceFetch(fetch, tracer)
}

type AuthorityOf = (origin: string) => AuthorityClient

function createAuthorityOf(agent: Agent): AuthorityOf {
  const { allowPlainHttp } = agent
  const send = createSender(agent)
  return (origin) => createAuthorityClient({ origin, send, allowPlainHttp })
}

function createSender({ requestSigner, signer, fetch, allowPlainHttp }: Agent): SendKeyRequest {
  return createKeySender({ signer: requestSigner, publicKey: signer.publicKey, fetch, allowPlainHttp })
}

async function ask(
  agent: Agent,
  client: AuthorityClient,
  options: RequestDelegationOptions,
): Promise<HeldDelegation> {
  const delegation = await requestDelegation({ ...agent, client }, options)
  await keep(agent, 'held', delegation)
  return delegation
}

async function collect(
  agent: Agent,
  client: AuthorityClient,
  options: CollectDelegationOptions,
): Promise<HeldDelegation> {
  const delegation = await collectDelegation({ ...agent, client }, options)
  await keep(agent, 'held', delegation)
  return delegation
}

function renewalOf(
  { store }: Agent,
  delegation: HeldDelegation | string,
  options: RenewOptions = {},
): RequestDelegationOptions {
  const id = typeof delegation === 'string' ? delegation : delegation.id
  const held = findDelegation(store.read().held, id)
  if (!isFromAuthority(held)) {
    throw new WalletError(
      'delegation_not_permitted',
      'another agent handed this delegation on: ask that agent',
    )
  }
  return { ...termsOf(held), ...options, authority: held.authority }
}

async function passOn(
  agent: Agent,
  authority: AuthorityOf,
  options: DelegateOptions,
): Promise<DelegationBundle> {
  const parent = chooseParent(agent.store.read().held, options, agent.clock())
  const client = authority(options.authority ?? parent.authority)
  const child = await delegateChild({ ...agent, client }, parent, options)
  await keep(agent, 'issued', child)
  const { chain, evidence } = child
  return { chain, ...(evidence === undefined ? {} : { evidence }) }
}

async function takeIn(agent: Agent, bundle: DelegationBundle | readonly string[]): Promise<HeldDelegation> {
  const { did, issuerKeys, clock } = agent
  const delegation = checkChain(readBundle(bundle), { subject: did, issuerKeys, now: clock() })
  await keep(agent, 'held', delegation)
  return delegation
}

async function revoke(
  { store }: Agent,
  authority: AuthorityOf,
  { id, ...options }: RevokeOptions & { readonly id: string },
): Promise<RevocationReceipt> {
  const { held, issued } = store.read()
  const origin =
    options.authority ?? [...issued, ...held].find((delegation) => delegation.id === id)?.authority
  if (origin === undefined) {
    throw new WalletError(
      'not_found',
      'the wallet neither holds nor passed on this delegation: name its authority',
    )
  }
  return await authority(origin).revoke({ delegation: id }, options.reason)
}

async function keep(
  { store, clock }: Agent,
  to: 'held' | 'issued',
  delegation: HeldDelegation,
): Promise<void> {
  await store.update((records) => addDelegation(records, { to, delegation }, clock()))
}
