import { canonicalizeJson, createUuid, encodeBase64url, encodeUtf8, type JsonObject } from '@behalf/core'
import {
  type ApprovedEnrolment,
  CURRENT_RENDERER,
  formatDateTime,
  MAX_EVIDENCE_BYTES,
  renderApproval,
} from '@behalf/credential'
import { type ApprovalDraft, challengeOf, createDraftEvidence, type DraftedRoot } from './approval-draft.ts'
import type { Approver } from './approver.ts'
import { checkSeconds } from './check-terms.ts'
import { decideTerms } from './decide-terms.ts'
import { approvalsNeeded, type DelegationRequest } from './delegation-request.ts'
import { draftRoot } from './draft-root.ts'
import { checkEnd } from './enrol-agent.ts'
import { IssuerError } from './error.ts'
import { checkKeyAlive, type IssuerContext } from './issuer-context.ts'
import type { IssuerTransaction } from './issuer-store.ts'
import { type Narrowing, narrowTerms } from './narrow-terms.ts'
import { takePending } from './take-pending.ts'

/** A request as a person read it, and what they leave of it. */
export interface RequestToApprove {
  readonly id: string
  readonly version: number
  readonly narrow?: Narrowing
}

/** Who wants to approve what. */
export interface PrepareApprovalOptions {
  readonly person: Approver
  /** Of one agent, at most 10; one that needs two people is approved by itself. */
  readonly requests: readonly RequestToApprove[]
  /** What their agent may have by itself from then on; only with what one person approves. */
  readonly enrol?: EnrolmentBounds
}

/** How far an agent may go by itself, on the terms that are approved. */
export interface EnrolmentBounds {
  /** Of each delegation. */
  readonly maxSeconds: number
  /** Milliseconds since the epoch, cut down to the second before. */
  readonly validUntil: number
}

/** What a person is to read and their passkey to sign. */
export interface PreparedApproval {
  readonly id: string
  readonly requests: readonly { readonly id: string; readonly version: number }[]
  /** What will be signed, without `approval`, one per request. */
  readonly payloads: readonly JsonObject[]
  readonly renderer: number
  /** Those of each request. */
  readonly sentences: readonly (readonly string[])[]
  readonly enrolment?: ApprovedEnrolment
  readonly nonce: string
  /** base64url of 32 bytes. */
  readonly challenge: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** How many people must approve. */
  readonly needs: 1 | 2
  /** Those who have, `at` as `YYYY-MM-DDTHH:MM:SSZ`. */
  readonly given: readonly { readonly by: string; readonly at: string }[]
}

const MAX_REQUESTS = 10
const MAX_DRAFTS_PER_PERSON = 50
const DRAFT_MS = 5 * 60 * 1000
const NONCE_BYTES = 32
// What a passkey adds to the evidence, with room to spare: about 900 with ES256, 1,500 with RS256.
const ASSERTION_BYTES = 2048

/**
 * What the person would approve is fixed, with all ids, and kept for five minutes: its challenge binds the terms, the
 * sentences they read and a nonce. A second person gets the payloads that the first approved.
 *
 * @throws IssuerError `not_found` (also for what is none of the person's business), `approval_expired`,
 *   `approval_consumed`, `approval_mismatch` for another version or a policy that changed between two people,
 *   `access_denied` when the policy refuses by now, `forbidden` for a second approval by the first person and for a
 *   request in the name of another tenant, `key_revoked`, `input_invalid`, `rate_limited`
 */
export async function prepareApproval(
  context: IssuerContext,
  options: PrepareApprovalOptions,
): Promise<PreparedApproval> {
  const { person, requests, enrol } = options
  checkRequests(requests)
  const enrolment = enrol && checkBounds(context, enrol)
  return context.store.transaction(async (tx) => {
    await checkRoom(context, tx, person)
    const read: ReadRequest[] = []
    for (const asked of requests) read.push(await readFor(context, tx, { person, asked }))
    const draft = await draftApproval(context, tx, { person, read, enrolment })
    await tx.insertDraft(draft)
    return toPrepared(draft)
  })
}

interface ReadRequest {
  readonly request: DelegationRequest
  readonly narrow: Narrowing | undefined
}

interface Reading {
  readonly person: Approver
  readonly read: readonly ReadRequest[]
  readonly enrolment: ApprovedEnrolment | undefined
}

function checkRequests(requests: readonly RequestToApprove[]): void {
  const ids = new Set(requests.map(({ id }) => id))
  if (ids.size === requests.length && ids.size >= 1 && ids.size <= MAX_REQUESTS) return
  throw invalid(`There must be 1 to ${MAX_REQUESTS} requests, each once`)
}

function checkBounds(context: IssuerContext, { maxSeconds, validUntil }: EnrolmentBounds): ApprovedEnrolment {
  return {
    valid_until: formatDateTime(checkEnd(context, Math.floor(validUntil / 1000) * 1000)),
    max_seconds: checkSeconds(maxSeconds, context, 'max_seconds'),
  }
}

async function checkRoom(context: IssuerContext, tx: IssuerTransaction, person: Approver): Promise<void> {
  await tx.deleteExpiredDrafts(context.clock())
  if ((await tx.countDrafts(person.id)) < MAX_DRAFTS_PER_PERSON) return
  const retryAfterSeconds = DRAFT_MS / 1000
  throw new IssuerError('rate_limited', 'Too many approvals were begun and not completed', {
    retryAfterSeconds,
  })
}

async function readFor(
  context: IssuerContext,
  tx: IssuerTransaction,
  options: { readonly person: Approver; readonly asked: RequestToApprove },
): Promise<ReadRequest> {
  const { person, asked } = options
  const request = await takePending(context, tx, { ...asked, person })
  await checkKeyAlive(tx, request.agent)
  if (request.approvals.some(({ by }) => by === person.id)) {
    throw new IssuerError('forbidden', 'A second person must approve this request, not the first one again')
  }
  const { tenant } = request.terms.onBehalfOf
  if (tenant !== undefined && tenant !== person.tenant) {
    throw new IssuerError('forbidden', 'This request is in the name of a tenant that is not the person’s', {
      field: 'on_behalf_of.tenant',
    })
  }
  return { request, narrow: asked.narrow }
}

async function draftApproval(
  context: IssuerContext,
  tx: IssuerTransaction,
  reading: Reading,
): Promise<ApprovalDraft> {
  const [first, ...others] = reading.read
  if (first === undefined) throw new Error('There is no request')
  if (others.some(({ request }) => request.agent !== first.request.agent)) {
    throw invalid('Requests are approved together when they are of one agent')
  }
  const { half } = first.request
  return half === undefined
    ? draftFirst(context, tx, reading)
    : draftSecond(context, tx, { ...reading, half })
}

async function draftFirst(
  context: IssuerContext,
  tx: IssuerTransaction,
  { person, read, enrolment }: Reading,
): Promise<ApprovalDraft> {
  const roots: DraftedRoot[] = []
  const needs = new Set<1 | 2>()
  for (const { request, narrow = {} } of read) {
    const terms = narrowTerms(context, request.terms, narrow)
    const policy = await decideTerms(context, tx, { agent: request.agent, terms })
    needs.add(approvalsNeeded(policy))
    roots.push(await draftRoot(context, tx, { request, terms, policy }))
  }
  if (needs.has(2) && read.length > 1) {
    throw invalid('A request that needs two people is approved by itself')
  }
  if (needs.has(2) && enrolment) throw noEnrolment()
  const payloads = roots.map(({ payload }) => payload)
  const draft: ApprovalDraft = {
    ...createDraft(context, person),
    roots,
    renderer: CURRENT_RENDERER,
    sentences: renderApproval({ payloads, ...(enrolment && { enrolment }) }),
    ...(enrolment && { enrolment }),
    needs: needs.has(2) ? 2 : 1,
    given: [],
  }
  checkShowable(draft)
  return draft
}

/**
 * Requests approved at once share one document, which an API may want to be shown: what would be too long for that is
 * refused before anybody reads it.
 */
function checkShowable(draft: ApprovalDraft): void {
  if (draft.roots.length === 1) return
  const { length } = encodeUtf8(canonicalizeJson(createDraftEvidence(draft, [])))
  if (length + ASSERTION_BYTES <= MAX_EVIDENCE_BYTES) return
  throw invalid(
    'Together these say more than can be shown to an API at once: approve fewer of them at a time',
  )
}

/** The second person approves what the first approved: the same bytes, under a nonce of their own. */
async function draftSecond(
  context: IssuerContext,
  tx: IssuerTransaction,
  { person, read, enrolment, half }: Reading & { readonly half: string },
): Promise<ApprovalDraft> {
  if (enrolment) throw noEnrolment()
  if (read.length > 1) throw invalid('A request that needs two people is approved by itself')
  if (read.some(({ narrow }) => narrow !== undefined)) {
    throw invalid('The second person approves what the first approved, or denies it')
  }
  const waiting = await tx.findDraft(half)
  if (waiting === undefined) throw new Error('A half approved request has no draft')
  const fresh = createDraft(context, person)
  return { ...waiting, ...fresh, half, expiresAt: Math.min(fresh.expiresAt, waiting.expiresAt) }
}

function createDraft(
  context: IssuerContext,
  person: Approver,
): Pick<ApprovalDraft, 'id' | 'nonce' | 'expiresAt'> & { readonly person: string } {
  return {
    id: createUuid(context.random),
    person: person.id,
    nonce: encodeBase64url(context.random(NONCE_BYTES)),
    expiresAt: context.clock() + DRAFT_MS,
  }
}

function toPrepared(draft: ApprovalDraft): PreparedApproval {
  const { id, roots, renderer, sentences, enrolment, nonce, expiresAt, needs, given } = draft
  return {
    id,
    requests: roots.map(({ request }) => request),
    payloads: roots.map(({ payload }) => payload),
    renderer,
    sentences,
    ...(enrolment && { enrolment }),
    nonce,
    challenge: encodeBase64url(challengeOf(draft)),
    expiresAt,
    needs,
    given: given.map(({ by, at }) => ({ by, at })),
  }
}

function noEnrolment(): IssuerError {
  const rule = 'What takes two people is not for an agent to have by itself'
  return new IssuerError('input_invalid', rule, { field: 'enrol' })
}

function invalid(rule: string): IssuerError {
  return new IssuerError('input_invalid', rule, { field: 'requests' })
}
