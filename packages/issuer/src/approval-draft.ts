import type { JsonObject } from '@behalf/core'
import {
  type ApprovalAssertion,
  type ApprovalEvidence,
  type ApprovalStatement,
  type ApprovedEnrolment,
  type ApprovedRequest,
  type ApprovedTerms,
  createApprovalChallenge,
  createApprovalEvidence,
} from '@behalf/credential'
import type { StatusPosition } from './status-position.ts'

/** A root as it will be issued once it is approved: its ids and its place in a status list are taken. */
export interface DraftedRoot {
  readonly request: ApprovedRequest
  /** Without `approval`. */
  readonly payload: JsonObject
  readonly status: StatusPosition
}

/** What a person is asked to approve, as the store keeps it. Times are milliseconds since the epoch. */
export interface ApprovalDraft {
  readonly id: string
  /** Who may complete it; absent of one that waits for whoever will be the second person. */
  readonly person?: string
  /** For a second person: the draft that waits for them. */
  readonly half?: string
  /** One per request, all for one agent. */
  readonly roots: readonly DraftedRoot[]
  readonly renderer: number
  /** Those of each root, in their order. */
  readonly sentences: readonly (readonly string[])[]
  /** What the agent may have by itself once it is approved; absent: nothing. */
  readonly enrolment?: ApprovedEnrolment
  /** base64url */
  readonly nonce: string
  /** How many people must approve, the strictest of the policy's answers. */
  readonly needs: 1 | 2
  /** Those who have. */
  readonly given: readonly ApprovalAssertion[]
  readonly expiresAt: number
}

/** The id of the delegation that a drafted root becomes. */
export function identifyRoot({ payload }: DraftedRoot): string {
  if (typeof payload.id === 'string') return payload.id
  throw new Error('A drafted payload has no id')
}

/** What the passkey of the draft's person is to sign, 32 bytes. */
export function challengeOf(draft: ApprovalDraft): Uint8Array {
  return createApprovalChallenge({ ...termsOf(draft), nonce: draft.nonce })
}

/** The evidence of a draft that was approved. */
export function createDraftEvidence(
  draft: ApprovalDraft,
  given: readonly ApprovalAssertion[] | ApprovalStatement,
): ApprovalEvidence {
  const requests = draft.roots.map(({ request }) => request)
  return createApprovalEvidence({ ...termsOf(draft), requests, given })
}

function termsOf({ roots, renderer, sentences, enrolment }: ApprovalDraft): ApprovedTerms {
  const payloads = roots.map(({ payload }) => payload)
  return { payloads, renderer, sentences, ...(enrolment && { enrolment }) }
}
