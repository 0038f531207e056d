import { useEffect } from 'react'
import {
  type ApprovalItem,
  completeApproval,
  type EnrolBody,
  type PreparedApproval,
  prepareApproval,
} from '../api/approvals-api.ts'
import { assertPasskey } from '../api/passkey-ceremony.ts'
import type { RequestView } from '../api/views.ts'
import { useAction } from '../live/use-action.ts'
import { type Narrowing, toNarrow } from '../model/narrowing.ts'

/** A request, and what the person chose for it. */
export interface ChosenRequest {
  readonly request: RequestView
  readonly narrowing: Narrowing
}

/** An approval on its way: first the authority fixes the terms, then the passkey signs them. */
export interface ApprovalSteps {
  /** The fixed terms, once they are there. */
  readonly prepared: PreparedApproval | undefined
  readonly preparing: boolean
  readonly signing: boolean
  /** Why the last step failed. */
  readonly error: Error | null
  readonly sign: (enrol: EnrolBody | undefined) => void
  /** Without a passkey, which the authority takes only where it was set so. */
  readonly signByLogin: () => void
  /** Both steps once more: terms are fixed for one attempt. */
  readonly again: () => void
}

interface SignInput {
  readonly prepared: PreparedApproval
  readonly enrol: EnrolBody | undefined
  readonly byLogin: boolean
}

const DECIDED = ['requests', 'delegations', 'enrolments', 'history']

/** Fixes the terms at once; `sign` then asks for the passkey. */
export function useApproval(
  chosen: readonly ChosenRequest[],
  onApproved: (requests: readonly RequestView[]) => void,
): ApprovalSteps {
  // Also a refusal says that something of the page is out of date.
  const prepare = useAction({ run: () => prepareApproval(chosen.map(toItem)), changes: ['requests'] })
  const complete = useAction({ run: signPrepared, changes: DECIDED, done: onApproved })
  const { mutate } = prepare
  useEffect(() => mutate(), [mutate])
  const { data: prepared } = prepare
  return {
    prepared,
    preparing: prepare.isPending,
    signing: complete.isPending,
    error: prepare.error ?? complete.error,
    sign: (enrol) => {
      if (prepared) complete.mutate({ prepared, enrol, byLogin: false })
    },
    signByLogin: () => {
      if (prepared) complete.mutate({ prepared, enrol: undefined, byLogin: true })
    },
    again: () => {
      complete.reset()
      mutate()
    },
  }
}

function toItem({ request, narrowing }: ChosenRequest): ApprovalItem {
  // The second person approves what the first one did.
  const narrow = request.turn === 'second' ? undefined : toNarrow(narrowing, request)
  return { id: request.id, version: request.version, ...(narrow && { narrow }) }
}

async function signPrepared({ prepared, enrol, byLogin }: SignInput): Promise<readonly RequestView[]> {
  if (byLogin) return completeApproval(prepared.approval, { login: true })
  const response = await assertPasskey(prepared.options)
  return completeApproval(prepared.approval, { response, ...(enrol && { enrol }) })
}
