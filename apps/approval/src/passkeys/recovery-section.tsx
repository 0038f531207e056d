import { Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { stepUp } from '../api/passkey-ceremony.ts'
import { createRecoveryCodes } from '../api/passkeys-api.ts'
import { useAction } from '../live/use-action.ts'
import { ActionForm } from '../parts/action-form.tsx'
import { RecoveryCodes } from '../parts/recovery-codes.tsx'

/** New recovery codes, shown once. */
export function RecoverySection(): ReactNode {
  const create = useAction({ run: async () => createRecoveryCodes(await stepUp()), changes: [] })
  return (
    <ActionForm
      action={create}
      label="Make ten new codes"
      className="card"
      below={create.data && <RecoveryCodes codes={create.data} />}
    >
      <Title order={2} className="section-title">
        Recovery codes
      </Title>
      <Text size="sm">
        Each lets you make a new passkey once, when you have lost all others. New codes replace the old ones.
      </Text>
    </ActionForm>
  )
}
