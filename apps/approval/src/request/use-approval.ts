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
import { checkPrepared } from '../model/check-prepared.ts'
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
  readonly sign: () => void
  /** Without a passkey, which the authority takes only where it was set so. */
  readonly signByLogin: () => void
  /** Both steps once more: terms are fixed for one attempt. */
  readonly again: () => void
}

interface SignInput {
  readonly prepared: PreparedApproval
  readonly byLogin: boolean
}

const DECIDED = ['requests', 'delegations', 'enrolments', 'history']

/** Fixes the terms at once, and again when `enrol` changes; `sign` then asks for the passkey. */
export function useApproval(
  chosen: readonly ChosenRequest[],
  enrol: EnrolBody | undefined,
  onApproved: (requests: readonly RequestView[]) => void,
): ApprovalSteps {
  // Also a refusal says that something of the page is out of date.
  const prepare = useAction({
    run: (wanted: EnrolBody | undefined) => prepareChecked(chosen, wanted),
    changes: ['requests'],
  })
  const complete = useAction({ run: signPrepared, changes: DECIDED, done: onApproved })
  const { mutate } = prepare
  useEffect(() => mutate(enrol), [mutate, enrol])
  const { data: prepared } = prepare
  return {
    prepared,
    preparing: prepare.isPending,
    signing: complete.isPending,
    error: prepare.error ?? complete.error,
    sign: () => {
      if (prepared) complete.mutate({ prepared, byLogin: false })
    },
    signByLogin: () => {
      if (prepared) complete.mutate({ prepared, byLogin: true })
    },
    again: () => {
      complete.reset()
      mutate(enrol)
    },
  }
}

function toItem({ request, narrowing }: ChosenRequest): ApprovalItem {
  // The second person approves what the first one did.
  const narrow = request.turn === 'second' ? undefined : toNarrow(narrowing, request)
  return { id: request.id, version: request.version, ...(narrow && { narrow }) }
}

/** What the authority prepared is shown, and signed, only when it is what this page makes of it. */
async function prepareChecked(
  chosen: readonly ChosenRequest[],
  enrol: EnrolBody | undefined,
): Promise<PreparedApproval> {
  const prepared = await prepareApproval(chosen.map(toItem), enrol)
  checkPrepared(prepared, { requests: chosen.map(({ request }) => request), enrol })
  return prepared
}

async function signPrepared({ prepared, byLogin }: SignInput): Promise<readonly RequestView[]> {
  if (byLogin) return completeApproval(prepared.approval, { login: true })
  return completeApproval(prepared.approval, { response: await assertPasskey(prepared.options) })
}
