import { BehalfError, isJsonObject, type JsonObject, parseJson } from '@behalf/core'
import { MAX_EVIDENCE_BYTES, type VerifiedChain, verifyApprovalEvidence } from '@behalf/credential'
import { type FieldIndex, parseItem } from '@behalf/http-signature'
import { VerifierError } from './error.ts'

/**
 * What an API wants to know of a person's own approval of the root delegation, with a passkey.
 *
 * - `claimed`: the issuer says so in `approval`, and its word is enough.
 * - `proven`: the evidence of it was shown and verified: this passkey approved these terms in these words.
 *
 * Approvals by an operator, an enrolment, a login or a software passkey satisfy neither.
 */
export type RequiredHumanApproval = 'claimed' | 'proven'

/** Options about human approval. */
export interface HumanApprovalOptions {
  /** What a request needs; nothing by default. */
  readonly requireHumanApproval?: RequiredHumanApproval
  /**
   * With `proven`: the only passkeys, by their COSE_Key in base64url. Without them, that a passkey is the person's is
   * the issuer's word.
   */
  readonly approvalPasskeys?: readonly string[]
}

/**
 * The chain was approved as the API requires.
 *
 * @param showEvidence the evidence that was shown, read when it is needed; undefined where none was
 */
export type CheckHumanApproval = (
  chain: VerifiedChain,
  showEvidence: () => JsonObject | undefined,
) => Promise<void>

/** The field that shows evidence: a byte sequence, the JSON of the document. */
export const EVIDENCE_FIELD = 'approval-evidence'

const LEVELS: readonly unknown[] = [undefined, 'claimed', 'proven']
// Four characters for three bytes, and a colon at each end.
const MAX_FIELD_LENGTH = Math.ceil(MAX_EVIDENCE_BYTES / 3) * 4 + 2
const LIMITS = { maxBytes: MAX_EVIDENCE_BYTES, maxDepth: 32 } as const

/**
 * Makes the check of an API. With `proven`, evidence that was verified is remembered with the verified chain it
 * belongs to: as long as the verifier holds that chain, it need not be shown again.
 *
 * @throws TypeError for an unknown requirement, or passkeys without `proven` or without any
 */
export function createHumanApprovalCheck(options: HumanApprovalOptions): CheckHumanApproval {
  const { requireHumanApproval: required, approvalPasskeys: passkeys } = options
  if (!LEVELS.includes(required)) throw new TypeError('requireHumanApproval is "claimed" or "proven"')
  if (passkeys !== undefined && (required !== 'proven' || passkeys.length === 0)) {
    throw new TypeError('approvalPasskeys names at least one passkey, for requireHumanApproval "proven"')
  }
  const proven = new WeakSet<VerifiedChain>()
  return async (chain, showEvidence) => {
    if (required === undefined) return
    checkClaim(chain)
    if (required === 'claimed' || proven.has(chain)) return
    const evidence = showEvidence()
    if (evidence === undefined) {
      throw new VerifierError('approval_required', 'the evidence of the approval was not shown', {
        missing: [EVIDENCE_FIELD],
      })
    }
    await verifyApprovalEvidence(evidence, {
      delegation: chain.root,
      ...(passkeys === undefined ? {} : { passkeys }),
    })
    proven.add(chain)
  }
}

/** @throws VerifierError approval_required */
function checkClaim({ root }: VerifiedChain): void {
  if (root.approval?.method === 'passkey') return
  throw new VerifierError('approval_required', 'the root was not approved by a person with a passkey')
}

/**
 * The evidence in the field of a request; undefined without the field.
 *
 * @throws VerifierError evidence_invalid
 */
export function readEvidenceField({ values }: FieldIndex): JsonObject | undefined {
  const field = values.get(EVIDENCE_FIELD)
  if (field === undefined) return undefined
  const evidence = decodeEvidence(field)
  if (evidence === undefined) {
    throw new VerifierError(
      'evidence_invalid',
      'the evidence is not the JSON of a document as a byte sequence',
    )
  }
  return evidence
}

function decodeEvidence(field: string): JsonObject | undefined {
  try {
    const { value, params } = parseItem(field, { maxLength: MAX_FIELD_LENGTH }).item
    if (value.type !== 'byte-sequence' || params.size > 0) return undefined
    const json = parseJson(value.value, LIMITS)
    return isJsonObject(json) ? json : undefined
  } catch (error) {
    if (error instanceof BehalfError) return undefined
    throw error
  }
}
