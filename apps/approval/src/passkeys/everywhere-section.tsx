import { Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { logoutEverywhere } from '../api/session-api.ts'
import { useAction } from '../live/use-action.ts'
import { ActionForm } from '../parts/action-form.tsx'

/** Ends every session of this person. */
export function EverywhereSection(): ReactNode {
  const leave = useAction({
    run: logoutEverywhere,
    changes: ['session'],
    done: () => location.assign('/'),
  })
  return (
    <ActionForm action={leave} label="Sign out everywhere" className="card">
      <Title order={2} className="section-title">
        Sign out everywhere
      </Title>
      <Text size="sm">Ends every session of yours, on every device, this one too. Agents go on.</Text>
    </ActionForm>
  )
}
