import { Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { denyRequest } from '../api/requests-api.ts'
import type { RequestView } from '../api/views.ts'
import { tellEveryTab } from '../live/tabs.ts'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'

interface DenyDialogProps {
  readonly opened: boolean
  readonly request: RequestView
  readonly onClose: () => void
  readonly onDenied: () => void
}

/** The person says no, with a reason if they like. */
export function DenyDialog({ opened, request, onClose, onDenied }: DenyDialogProps): ReactNode {
  const deny = useMutation({
    mutationFn: (reason: string | undefined) =>
      denyRequest(request.id, { version: request.version, ...(reason !== undefined && { reason }) }),
    onSettled: () => tellEveryTab('requests'),
    onSuccess: onDenied,
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
