import { digestSha256, type JsonObject } from '@behalf/core'
import type { Did } from '@behalf/did'
import type { WorkloadProof } from '@behalf/issuer'
import { AuthorityError } from '../error.ts'
import { checkTokenTimes } from './check-token-times.ts'
import type { FindIssuerKey } from './issuer-keys.ts'
import { type ForeignJws, parseForeignJws } from './parse-foreign-jws.ts'
import { readClaims, readShowable } from './read-claims.ts'
import { trustDomainOf } from './spiffe-id.ts'
import { verifyForeignSignature } from './verify-foreign-signature.ts'
import type { WorkloadAlgorithm } from './workload-algorithm.ts'
import type { JwtWorkloadIssuer } from './workload-options.ts'

/** An issuer of tokens, with its keys. */
export interface TokenIssuer {
  readonly options: JwtWorkloadIssuer
  readonly findKey: FindIssuerKey
}

/** Who shows something, where and when. */
export interface ShownTo {
  /** Of this authority. */
  readonly origin: string
  /** Whose key signed the request. */
  readonly agent: Did
  /** Milliseconds since the epoch. */
  readonly now: number
}

const DEFAULT_MAX_SECONDS = 86_400
const TYPES: readonly unknown[] = [undefined, 'JWT', 'JOSE']

/**
 * Resolves to what a token proves: it is signed by a configured issuer, holds now, and is made for this authority, and
 * for this key as far as the issuer can say so. Whether another key showed it before is not known here.
 *
 * @param token - a compact JWS
 * @throws AuthorityError `credential_too_large`, `credential_malformed`, `json_ambiguous`, `issuer_untrusted`,
 *   `algorithm_unsupported`, `credential_type_mismatch`, `keyid_unsupported`, `key_invalid`, `resolution_blocked`,
 *   `resolution_invalid`, `resolution_timeout`, `credential_signature_invalid`, `credential_expired`,
 *   `credential_not_yet_valid`, `policy_denied`, `audience_mismatch`
 * @see RFC 7519 section 7.2, RFC 8725, JWT-SVID sections 3 and 4
 */
export async function verifyWorkloadToken(
  token: string,
  { issuers, shown }: { readonly issuers: readonly TokenIssuer[]; readonly shown: ShownTo },
): Promise<Omit<WorkloadProof, 'provenAt'>> {
  const jws = parseForeignJws(token)
  const { options, findKey } = findIssuer(issuers, jws.claims)
  const { alg, kid } = readHeader(jws.header, options)
  await verifyForeignSignature(jws, { alg, key: await findKey(kid, alg) })
  const maxSeconds = options.maxTokenSeconds ?? DEFAULT_MAX_SECONDS
  const validUntil = checkTokenTimes(jws.claims, { now: shown.now, maxSeconds })
  checkAudience(jws.claims, options, shown)
  return describe(jws, { options, agent: shown.agent, validUntil })
}

function findIssuer(issuers: readonly TokenIssuer[], { iss, sub }: JsonObject): TokenIssuer {
  const trustDomain = typeof sub === 'string' ? trustDomainOf(sub) : undefined
  const found =
    issuers.find(({ options }) => options.issuer === iss && !isSpiffe(options)) ??
    issuers.find(({ options }) => options.issuer === trustDomain)
  if (found) return found
  throw new AuthorityError('issuer_untrusted', 'The token is of nobody whose word is taken here')
}

function isSpiffe({ issuer }: JwtWorkloadIssuer): boolean {
  return issuer.startsWith('spiffe:')
}

function readHeader(
  header: JsonObject,
  { algorithms }: JwtWorkloadIssuer,
): { readonly alg: WorkloadAlgorithm; readonly kid: string } {
  const alg = algorithms.find((allowed) => allowed === header.alg)
  if (alg === undefined) {
    throw new AuthorityError(
      'algorithm_unsupported',
      `The token must be signed with ${algorithms.join(' or ')}`,
    )
  }
  if (!TYPES.includes(header.typ)) {
    throw new AuthorityError('credential_type_mismatch', 'The token is of another type than JWT')
  }
  const { kid } = header
  if (header.crit !== undefined || typeof kid !== 'string') {
    throw new AuthorityError(
      'credential_malformed',
      'The token names no key, or demands what is not known here',
    )
  }
  return { alg, kid }
}

/** A token that is also for somebody else could be used here by them. */
function checkAudience(
  { aud }: JsonObject,
  { binding }: JwtWorkloadIssuer,
  { origin, agent }: ShownTo,
): void {
  const expected = binding === 'audience' ? `${origin}#${agent}` : origin
  const only = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud
  if (only === expected) return
  throw new AuthorityError('audience_mismatch', `The token must be made for ${expected} and nobody else`)
}

function describe(
  { claims, signingInput }: ForeignJws,
  proven: { readonly options: JwtWorkloadIssuer; readonly agent: Did; readonly validUntil: number },
): Omit<WorkloadProof, 'provenAt'> {
  const { options, agent, validUntil } = proven
  return {
    type: 'jwt',
    issuer: options.issuer,
    subject: readShowable(claims.sub, 'sub'),
    claims: readClaims(claims, options.claims ?? {}),
    // Not over the signature: an ECDSA signature has a second spelling, which would be a second token.
    digest: digestSha256(signingInput),
    agent,
    validUntil,
  }
}
