import { Modal, Stack } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { isRefusal } from '../api/api-error.ts'
import type { EnrolBody } from '../api/approvals-api.ts'
import type { RequestView } from '../api/views.ts'
import { DishonestPreparationError } from '../model/check-prepared.ts'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { ApproveFoot } from './approve-foot.tsx'
import { EnrolChoice } from './enrol-choice.tsx'
import { FinalTerms } from './final-terms.tsx'
import { type ChosenRequest, useApproval } from './use-approval.ts'

interface ApproveDialogProps {
  readonly chosen: readonly ChosenRequest[]
  readonly onClose: () => void
  readonly onApproved: (requests: readonly RequestView[]) => void
}

// Nothing that is tried again would be about the request that was read.
const TOO_LATE = ['approval_mismatch', 'approval_expired', 'approval_consumed', 'access_denied']

/** Shows exactly what the passkey will sign, and lets it sign. */
export function ApproveDialog({ chosen, onClose, onApproved }: ApproveDialogProps): ReactNode {
  const [enrol, setEnrol] = useState<EnrolBody>()
  const steps = useApproval(chosen, enrol, onApproved)
  const { prepared, preparing, error, again } = steps
  const retry = isFinal(error) ? {} : { retry: again }
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title="This is what you approve"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack gap="md">
        {preparing && <Waiting what="the final terms" />}
        {prepared && <FinalTerms prepared={prepared} requests={chosen.map(({ request }) => request)} />}
        {canEnrol(chosen) && (
          <EnrolChoice
            greatestSeconds={Math.max(...chosen.map(({ narrowing }) => narrowing.seconds))}
            choose={setEnrol}
          />
        )}
        <ProblemAlert error={error} {...retry} />
        <ApproveFoot steps={steps} chosen={chosen} enrol={enrol} onClose={onClose} />
      </Stack>
    </Modal>
  )
}

/** Neither what was read nor who prepared it gets better by trying again. */
function isFinal(error: Error | null): boolean {
  return isRefusal(error, ...TOO_LATE) || error instanceof DishonestPreparationError
}

/** Terms that take two people every time are not for an agent to have by itself. */
function canEnrol(chosen: readonly ChosenRequest[]): boolean {
  return chosen.every(({ request }) => request.approvals_needed === 1 && !request.agent_enrolled)
}
