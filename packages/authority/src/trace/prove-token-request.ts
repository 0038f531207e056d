import { AuditLogError, type AuditRecord } from '@behalf/audit-log'
import {
  BehalfError,
  canonicalizeJson,
  decodeBase64url,
  digestSha256,
  type JsonObject,
  type JsonValue,
} from '@behalf/core'
import {
  ACCESS_TOKEN_TYPE,
  type AccessTokenClaims,
  type CompactJws,
  type DpopProof,
  describeTokenLinks,
  hashAccessToken,
  MAX_ACCESS_TOKEN_BYTES,
  MAX_ACCESS_TOKEN_SECONDS,
  parseCompactJws,
  type TokenKeys,
  tokenKeyId,
  verifyAccessToken,
  verifyDpopProof,
} from '@behalf/credential'
import { checkRoot } from './check-root.ts'
import { contradict } from './contradict.ts'
import { isTarget } from './is-target.ts'
import type { KnownStatements, PlacedRecord } from './known-statements.ts'
import { isSaidStopped, proveStatus, type StatusSubject, type StatusThen } from './prove-status.ts'
import { type ReadEvidence, readEvidenceText } from './read-evidence-text.ts'
import { isAccepted, textOf } from './record-members.ts'

/** What the evidence of a request with an exchanged access token shows. */
export interface ProvenTokenRequest {
  readonly by: 'token'
  /** What the authority signed. */
  readonly claims: AccessTokenClaims
  /** The delegations that were exchanged, by the word of the authority. */
  readonly chain: StatusSubject
  /** The record of the exchange, which has the digest of the token and the key that signed it. */
  readonly exchange: PlacedRecord
  /** What was called, without its query, which the proof does not cover. */
  readonly target: string
  /** When the agent made its proof, in milliseconds since the epoch, by its own clock. */
  readonly provenAt: number
  /** What was known of revocations then: `not reported`, or `not kept` where a list is missing. */
  readonly status: StatusThen | 'not reported' | 'not kept'
}

const MAX_PROOF_BYTES = 4096
/** A refusal is recorded a moment after it was decided. */
const TOLERANCE_MS = 60_000
/** A proof speaks of its token, and so is at most about as old as that can be. */
const MAX_PROOF_AGE_SECONDS = MAX_ACCESS_TOKEN_SECONDS + TOLERANCE_MS / 1000

/** Whether evidence is that of a request with an access token. */
export function isTokenEvidence(evidence: ReadEvidence): boolean {
  return readToken(evidence) !== undefined
}

/** The id of the access token in the evidence of a request; undefined where there is none. Nothing of it is verified. */
export function tokenIdOf(text: string): string | undefined {
  try {
    const { jti } = readToken(readEvidenceText(text))?.payload ?? {}
    return typeof jti === 'string' ? jti : undefined
  } catch (error) {
    if (error instanceof BehalfError) return undefined
    throw error
  }
}

function readToken({ credentials: [token, ...others] }: ReadEvidence): CompactJws | undefined {
  if (token === undefined || others.length > 0) return undefined
  try {
    const jws = parseCompactJws(token, { maxBytes: MAX_ACCESS_TOKEN_BYTES })
    return jws.header.typ === ACCESS_TOKEN_TYPE ? jws : undefined
  } catch (error) {
    if (error instanceof BehalfError) return undefined
    throw error
  }
}

/**
 * Returns what the evidence of a request with an access token shows: the token, by the key that the log has of its
 * exchange, the proof of the agent's key for this token, method and address, and that the record says the same.
 *
 * @throws AuditLogError `audit_proof_invalid`; CredentialError `invalid_token`, `invalid_dpop_proof`,
 *   `status_invalid`
 * @see RFC 9068 section 4, RFC 9449 section 4.3
 */
export function proveTokenRequest(
  record: AuditRecord,
  { credentials: [token = ''], base, signature, heartbeat }: ReadEvidence,
  known: KnownStatements,
): ProvenTokenRequest {
  const { payload } = parseCompactJws(token, { maxBytes: MAX_ACCESS_TOKEN_BYTES })
  const exchange = findExchange(payload.jti, known)
  const claims = verifyAccessToken(token, {
    issuer: textOf(payload.iss),
    audience: textOf(payload.aud),
    keys: keysOf(exchange.record),
    now: momentOf(record, payload),
  })
  checkExchange(exchange.record, claims, token)
  const { target, proof } = readProof(record, `${base}.${signature}`, token)
  if (proof.jkt !== claims.jkt) throw contradict('the proof is by another key')
  checkRecord(record, claims, known)
  const chain = { root: { issuer: claims.principal.issuer }, links: describeTokenLinks(claims) }
  return {
    by: 'token',
    claims,
    chain,
    exchange,
    target,
    provenAt: proof.issuedAt,
    status: proveTokenStatus(heartbeat, { record, chain }, known),
  }
}

function findExchange(jti: JsonValue | undefined, { exchanges }: KnownStatements): PlacedRecord {
  const exchange = exchanges.get(textOf(jti))
  if (exchange !== undefined) return exchange
  throw new AuditLogError('audit_proof_invalid', 'there is no record here of the exchange of its token')
}

/** The key that signed, as it stands in the log since the exchange; records of before do not have it. */
function keysOf({ key }: AuditRecord): TokenKeys {
  const publicKey = typeof key === 'string' ? decodeBase64url(key) : undefined
  return (kid) => (publicKey !== undefined && tokenKeyId(publicKey) === kid ? publicKey : undefined)
}

/** When the token must have held: what was refused may have been refused because it had ended. */
function momentOf(record: AuditRecord, { exp }: JsonObject): number {
  const time = Date.parse(record.time)
  if (isAccepted(record) || typeof exp !== 'number') return time
  const isEndTold = record.code === 'invalid_token' || time < exp * 1000 + TOLERANCE_MS
  return isEndTold ? Math.min(time, exp * 1000 - 1) : time
}

/** It is the token that the log says was exchanged, and says of it the same. */
function checkExchange(exchange: AuditRecord, claims: AccessTokenClaims, token: string): void {
  const { agent, audience, root, delegations } = claims
  const isTheOne =
    exchange.token === digestSha256(token) &&
    exchange.subject === agent &&
    exchange.audience === audience &&
    exchange.root === root &&
    exchange.delegation === delegations.at(-1)
  if (!isTheOne) throw contradict('another token was exchanged')
}

/** The proof speaks of this token, and of the method and the address that the record tells. */
function readProof(
  record: AuditRecord,
  text: string,
  token: string,
): { readonly target: string; readonly proof: DpopProof } {
  const target = textOf(parseCompactJws(text, { maxBytes: MAX_PROOF_BYTES }).payload.htu)
  if (!isTarget(target, record)) throw contradict('another address was proven')
  const proof = verifyDpopProof(text, {
    method: textOf(record.method),
    url: target,
    accessTokenHash: hashAccessToken(token),
    now: Date.parse(record.time),
    maxAgeSeconds: MAX_PROOF_AGE_SECONDS,
  })
  return { target, proof }
}

function checkRecord(record: AuditRecord, claims: AccessTokenClaims, { authority }: KnownStatements): void {
  const { agent, delegations, principal, policy } = claims
  if (principal.issuer !== authority) throw contradict('the token is about those of another issuer')
  checkRoot(record, { issuer: principal.issuer, policy })
  if (record.subject !== agent) throw contradict('the token is another agent’s')
  if (canonicalizeJson(record.delegations ?? []) !== canonicalizeJson([...delegations])) {
    throw contradict('other delegations were exchanged')
  }
}

/** Beside a heartbeat the authority's list of tokens may have stopped it, which is not kept. */
function proveTokenStatus(
  heartbeat: string | undefined,
  about: { readonly record: AuditRecord; readonly chain: StatusSubject },
  known: KnownStatements,
): ProvenTokenRequest['status'] {
  if (heartbeat === undefined) return 'not reported'
  const status = proveStatus(heartbeat, { ...about, isOnlyWord: false }, known)
  if (status === undefined) return 'not kept'
  return isSaidStopped(about.record) && status.revoked === undefined ? 'not reported' : status
}
