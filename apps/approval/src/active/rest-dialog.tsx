import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { resume, suspend } from '../api/delegations-api.ts'
import { stepUp } from '../api/passkey-ceremony.ts'
import type { DelegationView, ReceiptView } from '../api/views.ts'
import { useAction } from '../live/use-action.ts'
import { AgentName } from '../parts/agent-name.tsx'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'
import { focusPageTitle } from '../parts/page-title.tsx'

interface RestDialogProps {
  readonly target: DelegationView | undefined
  readonly onClose: () => void
  /** It rests, or goes on. */
  readonly onDone: (delegation: DelegationView, receipt: ReceiptView) => void
}

interface RestInput {
  readonly delegation: DelegationView
  readonly reason: string | undefined
}

/** Asks once, then lets a delegation rest, or one that rests go on, which takes a passkey. */
export function RestDialog({ target, onClose, onDone }: RestDialogProps): ReactNode {
  const isResting = target?.suspended_at !== undefined
  const change = useAction({
    run: async ({ delegation: { id, suspended_at: since }, reason }: RestInput) =>
      since === undefined ? suspend(id, reason) : resume(id, await stepUp()),
    changes: ['delegations', 'history'],
    said: isResting ? 'Resumed' : 'Suspended',
    done: (receipt, { delegation }) => {
      close()
      onDone(delegation, receipt)
      setTimeout(focusPageTitle)
    },
  })
  function close(): void {
    change.reset()
    onClose()
  }
  return (
    <ConfirmDialog
      opened={target !== undefined}
      title={isResting ? 'Resume this?' : 'Suspend this?'}
      action={isResting ? 'Resume, confirm with a passkey' : 'Suspend'}
      withReason={!isResting}
      pending={change.isPending}
      error={change.error}
      onConfirm={(reason) => {
        if (target) change.mutate({ delegation: target, reason })
      }}
      onClose={close}
    >
      <Text>
        {isResting ? 'What ' : 'This delegation of '}
        <AgentName name={target?.agent_name} />
        {isResting
          ? ' was approved for goes on, and so does everything below it, until it ends as it would have.'
          : ', and everything below it, is refused until you resume it. Nothing is lost.'}
      </Text>
    </ConfirmDialog>
  )
}
