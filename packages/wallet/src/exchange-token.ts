import type { Clock } from '@behalf/core'
import { type Capability, parseCapabilities, serializeCapabilities } from '@behalf/credential'
import { type SfItem, serializeList } from '@behalf/http-signature'
import { invalidAnswer, readInteger, readList, readText } from './answer.ts'
import { findDelegation } from './choose-delegation.ts'
import { isAuthorityCode, WalletError } from './error.ts'
import { type HeldDelegation, isExpired } from './held-delegation.ts'
import type { SendKeyRequest } from './key-request.ts'
import { isMediaType, parseObject, readBytes, readProblem } from './read-response.ts'

/** What a token is asked for. */
export interface ExchangeTokenOptions {
  /** The one resource of the token: a location of the delegation, spelled as there. */
  readonly resource: string
  /** Id of the delegation to exchange; without it the newest unexpired one that names the resource. */
  readonly delegation?: string
  /** What the token shall allow. Default: all that the delegation allows at the resource. */
  readonly capabilities?: readonly Capability[]
  /** The token that this agent was called with, when its agent delegated further to this one. */
  readonly subjectToken?: string
  readonly signal?: AbortSignal
}

/** An access token of this agent. With each use its key is proven, so who copies it has nothing. */
export interface AccessToken {
  /** Compact JWS; opaque to whoever uses it. */
  readonly token: string
  readonly resource: string
  /** What it allows, as the authority says. */
  readonly capabilities: readonly Capability[]
  /** Milliseconds since the epoch, on this clock. */
  readonly expiresAt: number
  /** Id of the delegation it stands on. */
  readonly delegation: string
}

/** What exchangeToken needs of its wallet. */
export interface ExchangeContext {
  readonly send: SendKeyRequest
  readonly clock: Clock
  /** The delegations of the moment, newest first. */
  readonly held: () => readonly HeldDelegation[]
}

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const CHAIN = 'urn:behalf:token-type:delegation-chain'
const TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const MAX_ANSWER_BYTES = 65_536

/**
 * A delegation of this agent is exchanged at its authority for a token, by a request that this agent signs.
 *
 * @throws {WalletError} credential_missing; codes of the authority, such as invalid_target, invalid_scope,
 *   invalid_grant, credential_revoked; authority_unreachable, authority_refused, authority_response_invalid
 * @see RFC 8693 section 2
 */
export async function exchangeToken(
  context: ExchangeContext,
  options: ExchangeTokenOptions,
): Promise<AccessToken> {
  const { send, clock, held } = context
  const { resource, signal } = options
  const askedAt = clock()
  const delegation = chooseForResource(held(), options, askedAt)
  const response = await send({
    method: 'POST',
    url: `${delegation.authority}/token`,
    form: writeForm(delegation, options),
    ...(signal && { signal }),
  })
  if (!response.ok) throw await toRefusal(response)
  const bytes = await readBytes(response, MAX_ANSWER_BYTES)
  const answer = bytes && isMediaType(response, 'application/json') ? parseObject(bytes) : undefined
  if (answer === undefined) throw invalidAnswer('access_token')
  // One that comes without proof of a key would be a secret that this agent has to keep from every API.
  if (readText(answer, 'token_type').toLowerCase() !== 'dpop') throw invalidAnswer('token_type')
  return Object.freeze({
    token: readText(answer, 'access_token'),
    resource,
    capabilities: parseCapabilities([...readList(answer, 'authorization_details')]),
    expiresAt: askedAt + readInteger(answer, 'expires_in') * 1000,
    delegation: delegation.id,
  })
}

/**
 * The delegation to exchange.
 *
 * @throws {WalletError} credential_missing
 */
export function chooseForResource(
  held: readonly HeldDelegation[],
  { resource, delegation: id }: Pick<ExchangeTokenOptions, 'resource' | 'delegation'>,
  now: number,
): HeldDelegation {
  if (id !== undefined) return findDelegation(held, id)
  const chosen = held.find((delegation) => !isExpired(delegation, now) && namesResource(delegation, resource))
  if (chosen !== undefined) return chosen
  throw new WalletError(
    'credential_missing',
    `no unexpired delegation names ${resource}: ask for one with requestDelegation`,
  )
}

function namesResource({ leaf }: HeldDelegation, resource: string): boolean {
  return leaf.capabilities.some(
    (capability) => capability.type !== 'unknown' && capability.locations.includes(resource),
  )
}

function writeForm(
  { chain }: HeldDelegation,
  { resource, capabilities, subjectToken }: ExchangeTokenOptions,
): URLSearchParams {
  const links = serializeList(chain.map(toStringItem))
  const form = new URLSearchParams({ grant_type: GRANT, resource })
  form.set('subject_token', subjectToken ?? links)
  form.set('subject_token_type', subjectToken === undefined ? CHAIN : TOKEN)
  if (subjectToken !== undefined) {
    form.set('actor_token', links)
    form.set('actor_token_type', CHAIN)
  }
  if (capabilities !== undefined) {
    form.set('authorization_details', JSON.stringify(serializeCapabilities(capabilities)))
  }
  return form
}

function toStringItem(value: string): SfItem {
  return { value: { type: 'string', value }, params: new Map() }
}

/** What the authority said, in the form of OAuth or as a problem. */
async function toRefusal(response: Response): Promise<WalletError> {
  const { status } = response
  const problem = await readProblem(response)
  const bytes = problem ? undefined : await readBytes(response, MAX_ANSWER_BYTES)
  const refusal = bytes && parseObject(bytes)
  const code = problem?.code ?? textOf(refusal?.code) ?? textOf(refusal?.error)
  if (code === undefined) return invalidAnswer('error')
  const detail = problem?.detail ?? textOf(refusal?.error_description)
  const message = detail ?? `the authority refused with status ${status}`
  const evidence = { status, ...(detail !== undefined && { detail }) }
  return new WalletError(isAuthorityCode(code) ? code : 'authority_refused', message, evidence)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, 500).replace(/\p{Cc}/gu, ' ') : undefined
}
