import type { JsonObject } from '@behalf/core'
import {
  type ApprovalAssertion,
  type ApprovalEvidence,
  type ApprovalStatement,
  type ApprovedRequest,
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
export function challengeOf({ roots, renderer, sentences, nonce }: ApprovalDraft): Uint8Array {
  const payloads = roots.map(({ payload }) => payload)
  return createApprovalChallenge({ payloads, renderer, sentences, nonce })
}

/** The evidence of a draft that was approved. */
export function createDraftEvidence(
  { roots, renderer, sentences }: ApprovalDraft,
  given: readonly ApprovalAssertion[] | ApprovalStatement,
): ApprovalEvidence {
  return createApprovalEvidence({
    payloads: roots.map(({ payload }) => payload),
    renderer,
    sentences,
    requests: roots.map(({ request }) => request),
    given,
  })
}
