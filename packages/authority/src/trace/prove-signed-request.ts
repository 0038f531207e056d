import type { AuditRecord } from '@behalf/audit-log'
import { canonicalizeJson, decodeBase64url, encodeUtf8, verifyEd25519 } from '@behalf/core'
import { parseDelegationChain, type VerifiedChain, verifyDelegationChain } from '@behalf/credential'
import { HttpSignatureError } from '@behalf/http-signature'
import { checkRoot } from './check-root.ts'
import { contradict } from './contradict.ts'
import type { KnownStatements } from './known-statements.ts'
import { proveStatus, type StatusThen } from './prove-status.ts'
import type { ReadEvidence } from './read-evidence-text.ts'
import { readSignedCall, type SignedCall } from './signed-call.ts'

/** What the evidence of a signed request, or of a message with a proof, shows. */
export interface ProvenSignedRequest {
  readonly by: 'signature'
  /** From the authority down to the key that signed. */
  readonly chain: VerifiedChain
  /** What was called, as it was signed. */
  readonly target: string
  /** What the agent said about the call, as it was signed. */
  readonly context: string | undefined
  /** What was known of revocations then: `not reported`, or `not kept` where a list is missing. */
  readonly status: StatusThen | 'not reported' | 'not kept'
}

/** A decision is recorded a moment after it was made, by a clock of somebody else. */
const TOLERANCE_MS = 60_000

/**
 * Returns what the evidence of a signed request shows: the chain, the signature of its last key, and that the record
 * says what was signed.
 *
 * @throws AuditLogError `audit_proof_invalid`; CredentialError, HttpSignatureError, CoreError for what does not hold
 */
export function proveSignedRequest(
  record: AuditRecord,
  { credentials, base, signature, heartbeat }: ReadEvidence,
  known: KnownStatements,
): ProvenSignedRequest {
  const parsed = parseDelegationChain(credentials)
  // Time is a question of its own: proofs are looked at for a moment at which every link was valid.
  const now = Math.max(...parsed.links.map(({ validFrom }) => validFrom))
  const chain = verifyDelegationChain(parsed, { issuers: known.issuers, now })
  if (!verifyEd25519(chain.leaf.publicKey, encodeUtf8(base), decodeBase64url(signature))) {
    throw new HttpSignatureError('signature_invalid', 'the signature is not that of the agent')
  }
  const signed = readSignedCall(base)
  checkRecord(record, chain, signed)
  const status =
    heartbeat === undefined
      ? 'not reported'
      : (proveStatus(heartbeat, { record, chain }, known) ?? 'not kept')
  return {
    by: 'signature',
    chain,
    status,
    target: signed.target,
    context: signed.context,
  }
}

/** The record says what was signed. */
function checkRecord(record: AuditRecord, chain: VerifiedChain, signed: SignedCall): void {
  const { links, leaf } = chain
  const time = Date.parse(record.time)
  const isInTime = links.every(
    ({ validFrom, validUntil }) => time >= validFrom - TOLERANCE_MS && time <= validUntil + TOLERANCE_MS,
  )
  if (!isInTime) throw contradict('a delegation was not valid then')
  if (!signed.names(chain)) throw contradict('it names another delegation')
  if (record.subject !== leaf.subject) throw contradict('another agent signed')
  const ids = links.map(({ id }) => id)
  if (canonicalizeJson(record.delegations ?? []) !== canonicalizeJson(ids)) {
    throw contradict('other delegations were used')
  }
  checkRoot(record, chain.root)
  const contradiction = signed.findContradiction(record)
  if (contradiction !== undefined) throw contradict(contradiction)
}
