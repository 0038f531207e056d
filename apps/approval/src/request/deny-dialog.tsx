import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { denyRequest } from '../api/requests-api.ts'
import type { RequestView } from '../api/views.ts'
import { useAction } from '../live/use-action.ts'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'

interface DenyDialogProps {
  readonly opened: boolean
  readonly request: RequestView
  readonly onClose: () => void
  readonly onDenied: () => void
}

/** The person says no, with a reason if they like. */
export function DenyDialog({ opened, request, onClose, onDenied }: DenyDialogProps): ReactNode {
  const deny = useAction({
    run: (reason: string | undefined) =>
      denyRequest(request.id, { version: request.version, ...(reason !== undefined && { reason }) }),
    changes: ['requests', 'history'],
    done: onDenied,
  })
  return (
    <ConfirmDialog
      opened={opened}
      title="Deny this request?"
      action="Deny"
      withReason
      pending={deny.isPending}
      error={deny.error}
      onConfirm={(reason) => deny.mutate(reason)}
      onClose={() => {
        deny.reset()
        onClose()
      }}
    >
      <Text>The agent gets nothing, and is told so together with your reason. It can ask again.</Text>
    </ConfirmDialog>
  )
}
