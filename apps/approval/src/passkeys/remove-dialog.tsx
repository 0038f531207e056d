import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { stepUp } from '../api/passkey-ceremony.ts'
import { removePasskey } from '../api/passkeys-api.ts'
import type { PasskeyView } from '../api/views.ts'
import { useAction } from '../live/use-action.ts'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'
import { safeText } from '../words/safe-text.ts'

interface RemoveDialogProps {
  readonly opened: boolean
  readonly passkey: PasskeyView
  readonly onClose: () => void
}

/** A passkey is removed with another one, or with itself. */
export function RemoveDialog({ opened, passkey, onClose }: RemoveDialogProps): ReactNode {
  const remove = useAction({
    run: async () => removePasskey(passkey.id, await stepUp()),
    changes: ['passkeys'],
    said: 'Passkey removed',
    done: onClose,
  })
  return (
    <ConfirmDialog
      opened={opened}
      title="Remove this passkey?"
      action="Remove, confirm with a passkey"
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <Text>
        “{safeText(passkey.name, 100)}” will no longer sign you in or approve anything. What it approved stays
        valid and provable.
      </Text>
    </ConfirmDialog>
  )
}
