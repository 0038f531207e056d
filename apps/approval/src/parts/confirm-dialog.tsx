import { Button, Modal, Stack, TextInput } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { ProblemAlert } from './problem-alert.tsx'

interface ConfirmDialogProps {
  readonly opened: boolean
  readonly title: string
  /** What will happen. */
  readonly children: ReactNode
  readonly action: string
  readonly withReason?: boolean
  readonly pending: boolean
  readonly error: unknown
  readonly onConfirm: (reason: string | undefined) => void
  readonly onClose: () => void
}

/** Asks before something that cannot be taken back. */
export function ConfirmDialog(props: ConfirmDialogProps): ReactNode {
  const { opened, title, children, action, withReason = false, pending, error, onConfirm, onClose } = props
  const [reason, setReason] = useState('')
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          onConfirm(reason.trim() === '' ? undefined : reason.trim())
        }}
      >
        <Stack gap="md">
          <div>{children}</div>
          {withReason && (
            <TextInput
              label="Reason (optional)"
              description="Goes into the record."
              maxLength={200}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
          )}
          <ProblemAlert error={error} />
          <div className="buttons">
            <Button type="submit" color="red" loading={pending}>
              {action}
            </Button>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
          </div>
        </Stack>
      </form>
    </Modal>
  )
}
