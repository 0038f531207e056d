import { type Clock, createUuid, type JsonObject, type RandomBytes, type Signer } from '@behalf/core'
import {
  type Capability,
  coversCapabilities,
  createDelegationPayload,
  type DelegationTerms,
  type IssuerKeys,
  type StatusEntry,
  signDelegation,
} from '@behalf/credential'
import { type Did, encodeDidKeyUrl } from '@behalf/did'
import type { AuthorityClient } from './authority-client.ts'
import { checkChain } from './check-chain.ts'
import { findDelegation } from './choose-delegation.ts'
import { WalletError } from './error.ts'
import { type HeldDelegation, isExpired } from './held-delegation.ts'

/** What is passed on to another agent. */
export interface DelegateOptions {
  /** The `did:key` of the other agent. */
  readonly to: Did
  /** Default: those of the parent. */
  readonly capabilities?: readonly Capability[]
  /** At most until the parent ends, which is also the default. */
  readonly validForSeconds?: number
  readonly maxUses?: number
  /** Default 0: not to be passed on. */
  readonly maxDelegationDepth?: number
  /** Default: that of the parent. */
  readonly purpose?: string
  /** Id of the delegation to pass on; without it the newest one that may be passed on and covers the capabilities. */
  readonly parent?: string
  /** Origin of the authority; default: the one that publishes the status of the parent. */
  readonly authority?: string
}

/** What delegateChild needs of its wallet. */
export interface DelegateContext {
  readonly did: Did
  readonly signer: Signer
  readonly client: AuthorityClient
  readonly issuerKeys: IssuerKeys
  readonly clock: Clock
  readonly random: RandomBytes
}

/**
 * The delegation to pass on.
 *
 * @param held - newest first
 * @param now - milliseconds since the epoch
 * @throws {WalletError} credential_missing: none is held, or not the named one; credential_expired: the named one
 *   ended; delegation_not_permitted: none may be passed on; attenuation_violation, policy_unknown: none covers the
 *   capabilities
 */
export function chooseParent(
  held: readonly HeldDelegation[],
  options: DelegateOptions,
  now: number,
): HeldDelegation {
  const candidates = options.parent === undefined ? held : [findDelegation(held, options.parent)]
  const unexpired = candidates.filter((candidate) => !isExpired(candidate, now))
  if (unexpired.length === 0) throw noParent(candidates)
  const delegable = unexpired.filter(({ leaf }) => leaf.maxDelegationDepth > 0)
  const [newest] = delegable
  if (newest === undefined) {
    throw new WalletError('delegation_not_permitted', 'the delegation may not be passed on', {
      field: 'maxDelegationDepth',
    })
  }
  const covering = delegable.find(({ leaf }) => covers(leaf.capabilities, options.capabilities))
  if (covering !== undefined) return covering
  throw notCovered(newest, options.capabilities ?? [])
}

/**
 * A child delegation, registered with the authority, signed, and checked as a verifier would check it.
 *
 * @returns the whole chain
 * @throws {WalletError} the authority's code; authority_response_invalid: its status entry is not its own; key_invalid
 *   for `to`; and what a verifier would refuse the chain with: attenuation_violation, chain_too_deep, chain_cycle,
 *   credential_too_large, status_invalid, …
 * @throws {CredentialError} {@link DidError} the same codes, from the packages that check
 */
export async function delegateChild(
  context: DelegateContext,
  parent: HeldDelegation,
  options: DelegateOptions,
): Promise<HeldDelegation> {
  const { did, signer, client, issuerKeys, clock } = context
  const issuedAt = clock()
  const terms = createTerms(context, parent, options)
  const { credentialStatus: _provisional, ...child } = createDelegationPayload(terms, issuedAt)
  const status = await client.registerChild(parent.id, { chain: parent.chain, child })
  requireOwnStatus(status, client.origin)
  const payload: JsonObject = { ...child, credentialStatus: { ...status } }
  const jws = await signDelegation(payload, { signer, kid: encodeDidKeyUrl(did) })
  const { evidence } = parent
  const record = { chain: [...parent.chain, jws], ...(evidence === undefined ? {} : { evidence }) }
  return checkChain(record, { subject: options.to, issuerKeys, now: clock() })
}

function createTerms(
  { did, clock, random }: DelegateContext,
  parent: HeldDelegation,
  options: DelegateOptions,
): DelegationTerms {
  const { leaf } = parent
  const { maxUses, purpose = leaf.purpose, validForSeconds = Number.POSITIVE_INFINITY } = options
  if (!(validForSeconds >= 1)) throw new TypeError('validForSeconds must be at least 1')
  const now = clock()
  return {
    id: createUuid(random),
    issuer: did,
    subject: options.to,
    onBehalfOf: leaf.onBehalfOf,
    capabilities: options.capabilities ?? leaf.capabilities,
    ...(maxUses === undefined ? {} : { maxUses }),
    maxDelegationDepth: options.maxDelegationDepth ?? 0,
    ...(purpose === undefined ? {} : { purpose }),
    ...(leaf.workflow === undefined ? {} : { workflow: leaf.workflow }),
    parent: { id: leaf.id, digest: leaf.digest },
    // Our clock may be behind the authority's, and a child must not begin before its parent.
    validFrom: Math.max(now, leaf.validFrom),
    validUntil: Math.min(now + validForSeconds * 1000, leaf.validUntil),
    status: leaf.status,
  }
}

function covers(parent: readonly Capability[], child: readonly Capability[] = parent): boolean {
  return coversCapabilities(parent, child).covered
}

function notCovered(newest: HeldDelegation, capabilities: readonly Capability[]): WalletError {
  const coverage = coversCapabilities(newest.leaf.capabilities, capabilities)
  const code = coverage.covered ? 'attenuation_violation' : coverage.code
  return new WalletError(code, 'the delegation does not cover these capabilities', { field: 'capabilities' })
}

function noParent(candidates: readonly HeldDelegation[]): WalletError {
  if (candidates.length === 0) return new WalletError('credential_missing', 'the wallet holds no delegation')
  return new WalletError('credential_expired', 'the delegation has ended: ask for a new one')
}

function requireOwnStatus(status: StatusEntry, origin: string): void {
  const list = status.statusListCredential
  if (URL.canParse(list) && new URL(list).origin === origin) return
  throw new WalletError('authority_response_invalid', 'the status entry names a list of another origin', {
    field: 'credentialStatus',
  })
}
