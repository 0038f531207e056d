import { Button, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import type { EnrolBody } from '../api/approvals-api.ts'
import { useSession } from '../live/queries.ts'
import type { ApprovalSteps, ChosenRequest } from './use-approval.ts'

interface ApproveFootProps {
  readonly steps: ApprovalSteps
  readonly chosen: readonly ChosenRequest[]
  readonly enrol: EnrolBody | undefined
  readonly onClose: () => void
}

/** The ways to approve, and what each of them proves. */
export function ApproveFoot({ steps, chosen, enrol, onClose }: ApproveFootProps): ReactNode {
  const { prepared, signing, error } = steps
  const { data: session } = useSession()
  const ready = prepared !== undefined && error === null
  const byLogin = ready && session?.login_approves === true && !takesTwo(chosen)
  return (
    <div className="dialog-foot">
      {ready && (
        <Text size="sm" c="dimmed" mb="xs">
          {needsAnother(chosen)
            ? 'Your passkey signs these words. Another person must approve as well.'
            : 'Your passkey signs these words. They can be proven later.'}
        </Text>
      )}
      {byLogin && (
        <Text size="sm" mb="xs">
          Without a passkey nothing proves that it was you: the credential will say that a login approved it,
          and some APIs refuse that.
        </Text>
      )}
      <div className="buttons">
        {ready && (
          <Button loading={signing} onClick={steps.sign}>
            Approve with passkey
          </Button>
        )}
        {byLogin && (
          <Button
            variant="outline"
            color="red"
            loading={signing}
            disabled={enrol !== undefined}
            onClick={steps.signByLogin}
          >
            Approve without a passkey
          </Button>
        )}
        <Button variant="default" onClick={onClose}>
          {error === null ? 'Not yet' : 'Close'}
        </Button>
      </div>
    </div>
  )
}

function takesTwo(chosen: readonly ChosenRequest[]): boolean {
  return chosen.some(({ request }) => request.approvals_needed > 1)
}

function needsAnother(chosen: readonly ChosenRequest[]): boolean {
  return chosen.some(({ request }) => request.approvals_needed - request.approvals.length > 1)
}
