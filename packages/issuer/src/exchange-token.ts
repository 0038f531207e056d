import { createUuid, digestSha256, encodeBase64url, type Signer } from '@behalf/core'
import {
  type AccessTokenClaims,
  coversCapabilities,
  type Delegation,
  parseDelegationChain,
  signAccessToken,
  tokenKeyId,
  type VerifiedChain,
  verifyDelegationChain,
} from '@behalf/credential'
import type { Did } from '@behalf/did'
import { IssuerError } from './error.ts'
import { ownKeys } from './issuer-context.ts'
import { principalOf, record } from './issuer-event.ts'
import type { IssuerTransaction } from './issuer-store.ts'
import { type NarrowedTarget, narrowToResource, type TokenTarget } from './narrow-to-resource.ts'
import { checkChainAlive } from './register-child.ts'
import { formatTime } from './rfc3339.ts'
import type { StatusPosition } from './status-position.ts'
import { checkTokenAlive, verifyOwnToken } from './token-alive.ts'
import type { TokenContext } from './token-context.ts'
import { createTokenPosition, tokenListUrl } from './token-list.ts'

/** A chain that is exchanged for a token, and who exchanges it. */
export interface ExchangeTokenOptions extends TokenTarget {
  /** The key that was proven: the subject of the chain's last link. */
  readonly caller: Did
  /** Compact JWS, root first. */
  readonly chain: readonly string[]
  /**
   * The token that the caller was called with, where it acts further on: the chain then begins with the delegations
   * of this token and goes on from its agent to the caller.
   */
  readonly subjectToken?: string | undefined
}

/** A token and what it says. */
export interface ExchangedToken {
  /** Compact JWS. */
  readonly token: string
  readonly claims: AccessTokenClaims
}

type Minting = NarrowedTarget & {
  readonly chain: VerifiedChain
  readonly subject: AccessTokenClaims | undefined
  readonly expiresAt: number
}

/**
 * A chain is exchanged for a token that allows no more than its last link does at one resource, ends no later than any
 * link, and is bound to the caller's key. That every link is alive, that the token has a place in a status list and
 * that it stands in the record is one transaction: what was revoked before mints nothing, and what is revoked after
 * finds the token.
 *
 * @param options - see `ExchangeTokenOptions`
 * @throws IssuerError `invalid_grant` when the chain is not the caller's, counts its uses, or does not continue the
 *   subject token; `invalid_target`, `invalid_scope`, `credential_revoked`, `credential_suspended`,
 *   `key_revoked`, `status_invalid`
 * @throws CredentialError whatever a verifier would refuse the chain for; `invalid_token` for the subject token;
 *   `credential_too_large` when the token would be
 * @see RFC 8693 section 2
 */
export async function exchangeToken(
  context: TokenContext,
  options: ExchangeTokenOptions,
): Promise<ExchangedToken> {
  const chain = verifyOwnChain(context, options)
  const subject = await readSubjectToken(context, options.subjectToken, chain)
  const narrowed = narrowToResource(chain.leaf.capabilities, options)
  checkSubjectCovers(subject, narrowed)
  const expiresAt = endOf(context, chain, subject)
  const signer = await context.tokenSigners.current()
  return context.store.transaction(async (tx) => {
    await checkChainAlive(context, tx, chain)
    if (subject) await checkTokenAlive(context, tx, subject)
    const claims = await insertToken(context, tx, { ...narrowed, chain, subject, expiresAt })
    const token = await signAccessToken(claims, signer)
    await recordExchange(context, tx, { claims, token, signer, leaf: chain.leaf })
    return { token, claims }
  })
}

/** The chain, verified, of the key that was proven. */
function verifyOwnChain(context: TokenContext, { chain, caller }: ExchangeTokenOptions): VerifiedChain {
  const parsed = parseDelegationChain(chain)
  if (parsed.leaf.subject !== caller) {
    throw new IssuerError('invalid_grant', 'The last delegation is not for the key that was proven')
  }
  const verified = verifyDelegationChain(parsed, { issuers: ownKeys(context), now: context.clock() })
  // A verifier of tokens has no counter that spans those of all other verifiers.
  if (verified.links.some(({ maxUses }) => maxUses !== undefined)) {
    throw new IssuerError('invalid_grant', 'A delegation whose uses are counted cannot be exchanged')
  }
  return verified
}

/** The token that the caller was called with, and that the chain goes on from. */
async function readSubjectToken(
  context: TokenContext,
  token: string | undefined,
  { links }: VerifiedChain,
): Promise<AccessTokenClaims | undefined> {
  if (token === undefined) return undefined
  const claims = await verifyOwnToken(context, token)
  const goesOn =
    links.length > claims.delegations.length &&
    claims.delegations.every((id, index) => links[index]?.id === id)
  if (goesOn) return claims
  throw new IssuerError(
    'invalid_grant',
    'The delegation does not go on from the one that the token stands on',
  )
}

/** At the resource of the subject token nothing is allowed that this token did not allow. */
function checkSubjectCovers(subject: AccessTokenClaims | undefined, narrowed: NarrowedTarget): void {
  if (subject?.audience !== narrowed.audience) return
  if (coversCapabilities(subject.capabilities, narrowed.capabilities).covered) return
  throw new IssuerError('invalid_scope', 'The subject token does not cover what is asked for', {
    field: 'authorization_details',
  })
}

function endOf(
  { clock, tokenSeconds }: TokenContext,
  { links }: VerifiedChain,
  subject: AccessTokenClaims | undefined,
): number {
  const ends = links.map(({ validUntil }) => validUntil)
  return Math.min(clock() + tokenSeconds * 1000, ...ends, subject?.expiresAt ?? Number.POSITIVE_INFINITY)
}

/** The token has a place in a status list that none had before. */
async function insertToken(
  context: TokenContext,
  tx: IssuerTransaction,
  minting: Minting,
): Promise<AccessTokenClaims> {
  const { chain } = minting
  const id = createUuid(context.random)
  const issuedAt = context.clock()
  const status = await createTokenPosition(context, tx, (position) =>
    tx.insertToken({
      id,
      delegations: chain.links.map((link) => link.id),
      agent: chain.leaf.subject,
      audience: minting.audience,
      issuedAt,
      expiresAt: minting.expiresAt,
      status: position,
    }),
  )
  return createClaims(context, minting, { id, issuedAt, status })
}

function createClaims(
  context: TokenContext,
  { chain, audience, capabilities, expiresAt }: Minting,
  facts: { readonly id: string; readonly issuedAt: number; readonly status: StatusPosition },
): AccessTokenClaims {
  const { links, root, leaf } = chain
  const { id, issuedAt, status } = facts
  return {
    issuer: context.origin,
    principal: { issuer: root.issuer, ...root.onBehalfOf },
    audience,
    agent: leaf.subject,
    issuedAt,
    expiresAt,
    id,
    jkt: tokenKeyId(leaf.publicKey),
    actors: links.map((link) => link.subject).toReversed(),
    capabilities,
    ...(root.workflow && { workflow: root.workflow }),
    ...(root.policy && { policy: root.policy }),
    ...(root.approval && { approval: root.approval }),
    root: root.id,
    delegations: links.map((link) => link.id),
    status: { index: status.index, uri: tokenListUrl(context, status.list) },
    delegationStatus: links.map((link) => link.status),
  }
}

/** It stands there with the key that signed it, so that whoever verifies later need not ask which it was. */
async function recordExchange(
  context: TokenContext,
  tx: IssuerTransaction,
  { claims, token, signer, leaf }: ExchangedToken & { readonly signer: Signer; readonly leaf: Delegation },
): Promise<void> {
  const { id, agent, audience, root, policy, workflow, expiresAt } = claims
  await record(context, tx, {
    type: 'token_exchanged',
    data: {
      jti: id,
      token: digestSha256(token),
      kid: tokenKeyId(signer.publicKey),
      key: encodeBase64url(signer.publicKey),
      delegation: leaf.id,
      root,
      subject: agent,
      principal: principalOf(context, leaf.onBehalfOf),
      audience,
      policy: policy?.digest,
      workflow: workflow?.id,
      run: workflow?.run,
      valid_until: formatTime(expiresAt),
    },
  })
}
