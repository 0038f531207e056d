import { Button, TextInput } from '@mantine/core'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { renamePasskey } from '../api/passkeys-api.ts'
import type { PasskeyView } from '../api/views.ts'
import { useAction } from '../live/use-action.ts'
import { ActionForm } from '../parts/action-form.tsx'

interface RenameFormProps {
  readonly passkey: PasskeyView
  readonly onDone: () => void
}

/** Another name for a passkey. */
export function RenameForm({ passkey, onDone }: RenameFormProps): ReactNode {
  const [name, setName] = useState(passkey.name)
  const field = useRef<HTMLInputElement>(null)
  // The button that opened this form is gone.
  useEffect(() => field.current?.focus(), [])
  const rename = useAction({
    run: () => renamePasskey(passkey.id, name.trim()),
    changes: ['passkeys'],
    done: onDone,
  })
  const cancel = (
    <Button variant="default" onClick={onDone}>
      Cancel
    </Button>
  )
  return (
    <ActionForm action={rename} label="Save" className="card-foot" beside={cancel}>
      <TextInput
        label="Name"
        required
        maxLength={64}
        ref={field}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
    </ActionForm>
  )
}
