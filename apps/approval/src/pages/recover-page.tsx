import { Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { beginRecovery } from '../api/session-api.ts'
import { PageTitle } from '../parts/page-title.tsx'
import { RegisterForm } from '../parts/register-form.tsx'
import { useEntered } from '../parts/use-entered.tsx'

/** Somebody who lost every passkey makes a new one with a recovery code. */
export function RecoverPage(): ReactNode {
  const entered = useEntered()
  if (entered) return entered
  return (
    <Stack gap="md" className="center-card">
      <PageTitle tab="Recover">Make a new passkey</PageTitle>
      <Text>
        A recovery code works once, and ends every session of yours. Without codes, ask an operator of this
        authority.
      </Text>
      <section className="card" aria-label="Recover">
        <RegisterForm
          kind="recover"
          fields={[
            { name: 'person', label: 'Your id', autoComplete: 'username', pattern: '[!-~]{1,200}' },
            { name: 'code', label: 'A recovery code', autoComplete: 'off' },
          ]}
          action="Make a new passkey"
          begin={({ person = '', code = '' }) => beginRecovery({ person, code })}
        />
      </section>
    </Stack>
  )
}
