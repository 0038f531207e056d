import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { resume, suspend } from '../api/delegations-api.ts'
import { stepUp } from '../api/passkey-ceremony.ts'
import type { DelegationView } from '../api/views.ts'
import { useAction } from '../live/use-action.ts'
import { AgentName } from '../parts/agent-name.tsx'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'
import { focusPageTitle } from '../parts/page-title.tsx'

interface RestDialogProps {
  readonly target: DelegationView | undefined
  readonly onClose: () => void
}

/** Asks once, then lets a delegation rest, or one that rests go on, which takes a passkey. */
export function RestDialog({ target, onClose }: RestDialogProps): ReactNode {
  const isResting = target?.suspended_at !== undefined
  const change = useAction({
    run: async ({ id, reason }: { readonly id: string; readonly reason: string | undefined }) =>
      isResting ? resume(id, await stepUp()) : suspend(id, reason),
    changes: ['delegations', 'history'],
    said: isResting ? 'Resumed' : 'Suspended',
    done: () => {
      close()
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
        if (target) change.mutate({ id: target.id, reason })
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
