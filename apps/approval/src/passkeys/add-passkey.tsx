import { Text, TextInput, Title } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { createPasskey, stepUp } from '../api/passkey-ceremony.ts'
import { beginPasskey, fetchPasskeys, finishPasskey } from '../api/passkeys-api.ts'
import { useAction } from '../live/use-action.ts'
import { ActionForm } from '../parts/action-form.tsx'

/** One more passkey, vouched for by one that is there. */
export function AddPasskey(): ReactNode {
  const [name, setName] = useState('')
  const add = useAction({
    run: () => registerPasskey(name.trim()),
    changes: ['passkeys'],
    said: 'Passkey added',
    done: () => setName(''),
  })
  return (
    <ActionForm action={add} label="Add a passkey" className="card">
      <Title order={2} className="section-title">
        Add a passkey
      </Title>
      <Text size="sm">First confirm with one that you have, then make the new one.</Text>
      <TextInput
        label="Its name"
        placeholder="Phone, security key …"
        required
        maxLength={64}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
    </ActionForm>
  )
}

async function registerPasskey(name: string): Promise<void> {
  const isFirst = (await fetchPasskeys()).length === 0
  const { ceremony, options } = await beginPasskey(isFirst ? undefined : await stepUp())
  const response = await createPasskey(options)
  await finishPasskey({ ceremony, passkey_name: name, response })
}
