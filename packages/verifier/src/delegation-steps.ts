import {
  authorize,
  type Capability,
  CredentialError,
  checkDelegationStatus,
  digestDelegationChain,
  type ParsedChain,
  parseDelegationChain,
  suspensionListUrl,
  type VerifiedChain,
} from '@behalf/credential'
import type { Did } from '@behalf/did'
import { type FieldIndex, parseSignatureKey, parseStringList } from '@behalf/http-signature'
import { VerifierError } from './error.ts'
import type { FramedHeaders } from './framing.ts'
import { overridesMethod } from './header-ambiguity.ts'
import type { ProvenChain } from './proven-chain.ts'
import { askStore, type FramedRequest } from './request-steps.ts'
import type { StatusSnapshot, StatusSource } from './status-source.ts'
import type { UseCounter } from './use-counter.ts'
import type { VerifiedChains } from './verified-chains.ts'
import type { Principal } from './verified-request.ts'

/** How long past the end of a link its count is kept, in case the clock goes back. */
const COUNT_MARGIN_MS = 10_000

/** What a request shows of its delegations: all of them, or the name of a chain shown before. */
export type Presentation =
  | {
      readonly kind: 'chain'
      /** Compact, root first. */
      readonly links: readonly string[]
      /** Name of the chain: SHA-256 over its links, see `digestDelegationChain`. */
      readonly cid: string
      /** Whether the peer asks for a name under which it may present the chain from now on. */
      readonly cache: boolean
    }
  | { readonly kind: 'reference'; readonly cid: string }

/**
 * What the request presents, not yet parsed.
 *
 * @param label of the signature that covers Signature-Key
 * @throws HttpSignatureError as `parseSignatureKey`; VerifierError credential_missing (a bare key), request_malformed
 * (a reference together with a chain)
 * @see draft-hardt-httpbis-signature-key
 */
export function readPresentation(fields: FieldIndex, label: string): Presentation {
  const key = parseSignatureKey(fields, label)
  const ancestors = parseStringList(fields, 'delegation-chain')
  switch (key.scheme) {
    case 'jwt':
      return presentChain([...ancestors, key.jwt], key.cache)
    case 'cached':
      if (!fields.values.has('delegation-chain')) return { kind: 'reference', cid: key.cid }
      throw new VerifierError('request_malformed', 'a reference to a chain together with a chain')
    case 'hwk':
      throw new VerifierError('credential_missing', 'a bare key without a delegation', {
        signatureError: 'unsupported_scheme',
      })
  }
}

/**
 * A chain that is shown.
 *
 * @param links compact, root first
 * @param cache whether the peer asks for a name of it
 */
export function presentChain(links: readonly string[], cache: boolean): Presentation {
  return Object.freeze({ kind: 'chain', links, cid: digestDelegationChain(links), cache })
}

/**
 * The chain that is presented or named: as it was verified before, or parsed and not yet verified.
 *
 * @throws VerifierError cache_miss; CredentialError as `parseDelegationChain`
 */
export function openChain(presentation: Presentation, chains: VerifiedChains): ParsedChain {
  const held = chains.find(presentation.cid)
  if (held !== undefined) return held
  if (presentation.kind === 'chain') return parseDelegationChain(presentation.links)
  throw new VerifierError('cache_miss', 'the referenced chain is not held')
}

/** On whose behalf a chain lets its last subject act. */
export function readPrincipal({ root }: ProvenChain): Principal {
  return { ...root.onBehalfOf, issuer: root.issuer }
}

/**
 * What the root issuer says about status, known to be fresh.
 *
 * @throws VerifierError status_stale, status_unavailable, status_rollback, status_invalid
 */
export function readStatus(source: StatusSource, issuer: Did): StatusSnapshot {
  try {
    return source.read(issuer)
  } catch (cause) {
    if (cause instanceof VerifierError) throw cause
    throw new VerifierError('status_unavailable', 'the status source failed', { cause, fault: true })
  }
}

/**
 * No key that acts in the chain is revoked.
 *
 * @throws VerifierError key_revoked
 */
export function checkRevokedKeys(chain: ProvenChain, status: StatusSnapshot): void {
  const link = chain.links.findIndex(({ subject }) => status.isKeyRevoked(subject))
  if (link !== -1) throw new VerifierError('key_revoked', 'a key of the chain is revoked', { link })
}

/**
 * No link of the chain is revoked or suspended, by lists of the root's issuer.
 *
 * @throws VerifierError credential_revoked, credential_suspended, status_invalid, status_index_invalid
 */
export function checkChainStatus(chain: ProvenChain, status: StatusSnapshot): void {
  for (const [link, delegation] of chain.links.entries()) {
    const url = delegation.status.statusListCredential
    try {
      checkDelegationStatus(delegation, {
        revocation: status.lists(url),
        suspension: status.lists(suspensionListUrl(url)),
      })
    } catch (cause) {
      if (!(cause instanceof CredentialError)) throw cause
      throw new VerifierError(cause.code, cause.message, { cause, link })
    }
  }
}

/** By what and when a request is allowed. */
export interface AuthorizingFacts {
  readonly capabilities: readonly Capability[]
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * The capability that allows the request.
 *
 * @throws VerifierError scope_exceeded with what would be needed; CredentialError as `authorize`
 */
export function authorizeRequest(request: FramedRequest & AuthorizingFacts): Capability {
  const { method, body, headers, capabilities, now } = request
  const { origin, path, query } = request.target
  const requiredScope = `${method} ${origin}${path}`
  // Frameworks act on these headers, so the method that was signed would not be the one that is carried out.
  if (overridesMethod(headers, method)) {
    throw new VerifierError('scope_exceeded', 'a header asks for another method', { requiredScope })
  }
  try {
    const contentType = readContentType(headers)
    const access = { type: 'http', origin, method, path, query, body, now } as const
    return authorize(capabilities, contentType === undefined ? access : { ...access, contentType }).capability
  } catch (cause) {
    if (!(cause instanceof CredentialError) || cause.code !== 'scope_exceeded') throw cause
    throw new VerifierError('scope_exceeded', cause.message, { cause, requiredScope })
  }
}

// Nothing covers Content-Encoding, and under one a server reads other bytes than a body constraint was held against.
function readContentType(headers: FramedHeaders): string | undefined {
  const { values } = headers.fields
  return values.has('content-encoding') ? undefined : values.get('content-type')
}

/**
 * One use of every link that limits its uses was counted.
 *
 * @throws VerifierError budget_exceeded, replay_store_unavailable
 */
export async function countUses(counter: UseCounter, chain: VerifiedChain): Promise<void> {
  if (chain.links.every(({ maxUses }) => maxUses === undefined)) return
  const uses = chain.links.flatMap(({ digest, maxUses, validUntil }) =>
    maxUses === undefined ? [] : [{ digest, limit: maxUses, keepUntil: validUntil + COUNT_MARGIN_MS }],
  )
  const isCounted = await askStore(() => counter.count(uses))
  if (!isCounted) throw new VerifierError('budget_exceeded', 'a delegation of the chain has no use left')
}
