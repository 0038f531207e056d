import { Button, Modal, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import { isRefusal } from '../api/api-error.ts'
import {
  completeApproval,
  type EnrolBody,
  type PreparedApproval,
  prepareApproval,
} from '../api/approvals-api.ts'
import { assertPasskey } from '../api/passkey-ceremony.ts'
import type { RequestView } from '../api/views.ts'
import { tellEveryTab } from '../live/tabs.ts'
import { type Narrowing, toNarrow } from '../model/narrowing.ts'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { EnrolChoice } from './enrol-choice.tsx'
import { FinalTerms } from './final-terms.tsx'

/** A request, and what the person chose for it. */
export interface ChosenRequest {
  readonly request: RequestView
  readonly narrowing: Narrowing
}

interface ApproveDialogProps {
  readonly chosen: readonly ChosenRequest[]
  readonly onClose: () => void
  readonly onApproved: (requests: readonly RequestView[]) => void
}

const TOO_LATE = ['approval_mismatch', 'approval_expired', 'approval_consumed', 'access_denied']

/** Shows exactly what the passkey will sign, and lets it sign. */
export function ApproveDialog({ chosen, onClose, onApproved }: ApproveDialogProps): ReactNode {
  const [enrol, setEnrol] = useState<EnrolBody>()
  const prepare = useMutation({
    mutationFn: () => prepareApproval(chosen.map(toItem)),
    onError: refreshRequests,
  })
  const complete = useMutation({
    mutationFn: (prepared: PreparedApproval) => sign(prepared, enrol),
    onError: refreshRequests,
    onSuccess: (requests) => {
      for (const what of ['requests', 'delegations', 'enrolments', 'history']) tellEveryTab(what)
      onApproved(requests)
    },
  })
  const { mutate } = prepare
  useEffect(() => mutate(), [mutate])
  const again = (): void => {
    complete.reset()
    mutate()
  }
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title="This is what you approve"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack gap="md">
        {prepare.isPending && <Waiting what="the final terms" />}
        <ProblemAlert
          error={prepare.error}
          {...(!isRefusal(prepare.error, ...TOO_LATE) && { retry: again })}
        />
        {prepare.data && (
          <FinalTerms prepared={prepare.data} requests={chosen.map(({ request }) => request)} />
        )}
        {prepare.data && canEnrol(chosen) && (
          <EnrolChoice
            greatestSeconds={Math.max(...chosen.map(({ narrowing }) => narrowing.seconds))}
            choose={setEnrol}
          />
        )}
        <ProblemAlert
          error={complete.error}
          {...(!isRefusal(complete.error, ...TOO_LATE) && { retry: again })}
        />
        {prepare.data && complete.error === null && (
          <Text size="sm" c="dimmed">
            {needsAnother(chosen)
              ? 'Your passkey signs these words. Another person must approve as well.'
              : 'Your passkey signs these words. They can be proven later.'}
          </Text>
        )}
        <div className="buttons dialog-foot">
          {prepare.data && complete.error === null && (
            <Button loading={complete.isPending} onClick={() => complete.mutate(prepare.data)}>
              Approve with passkey
            </Button>
          )}
          <Button variant="default" onClick={onClose}>
            {complete.error === null && prepare.error === null ? 'Not yet' : 'Close'}
          </Button>
        </div>
      </Stack>
    </Modal>
  )
}

function toItem({ request, narrowing }: ChosenRequest): { id: string; version: number } {
  const narrow = request.turn === 'second' ? undefined : toNarrow(narrowing, request)
  return { id: request.id, version: request.version, ...(narrow && { narrow }) }
}

async function sign(
  prepared: PreparedApproval,
  enrol: EnrolBody | undefined,
): Promise<readonly RequestView[]> {
  const response = await assertPasskey(prepared.options)
  return completeApproval(prepared.approval, { response, ...(enrol && { enrol }) })
}

/** A refusal says that the page was behind. */
function refreshRequests(): void {
  tellEveryTab('requests')
}

/** Terms that take two people every time are not for an agent to have by itself. */
function canEnrol(chosen: readonly ChosenRequest[]): boolean {
  return chosen.every(({ request }) => request.approvals_needed === 1 && !request.agent_enrolled)
}

function needsAnother(chosen: readonly ChosenRequest[]): boolean {
  return chosen.some(({ request }) => request.approvals_needed - request.approvals.length > 1)
}
