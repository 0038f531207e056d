import type { JsonObject } from '@behalf/core'
import { callApi } from './call-api.ts'
import type { RequestOptions, SignIn } from './ceremony-types.ts'
import type { NarrowView, RequestView } from './views.ts'

/** A request in the version that a person saw, and how they narrowed it. */
export interface ApprovalItem {
  readonly id: string
  readonly version: number
  readonly narrow?: NarrowView
}

/** Exactly what a passkey is about to sign. */
export interface PreparedApproval {
  readonly approval: string
  /** One list for each request, in their order. */
  readonly sentences: readonly (readonly string[])[]
  readonly payloads: readonly JsonObject[]
  readonly renderer: number
  readonly enrolment?: EnrolBody
  readonly nonce: string
  readonly expires_at: string
  readonly options: RequestOptions
}

/** "Allow this agent these terms by itself". */
export interface EnrolBody {
  readonly valid_until: string
  readonly max_seconds: number
}

export const prepareApproval = (
  requests: readonly ApprovalItem[],
  enrol: EnrolBody | undefined,
): Promise<PreparedApproval> => callApi('POST', '/api/approvals', { requests, ...(enrol && { enrol }) })

/** With a passkey; or without one, where the authority takes the word of a login. */
export type ApprovalAnswer = { readonly response: SignIn } | { readonly login: true }

export const completeApproval = async (
  approval: string,
  body: ApprovalAnswer,
): Promise<readonly RequestView[]> =>
  (
    await callApi<{ requests: readonly RequestView[] }>(
      'POST',
      `/api/approvals/${encodeURIComponent(approval)}`,
      body,
    )
  ).requests
