import { Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { beginJoin } from '../api/session-api.ts'
import { PageTitle } from '../parts/page-title.tsx'
import { RegisterForm } from '../parts/register-form.tsx'
import { useEntered } from '../parts/use-entered.tsx'
import { codeOfAddress } from '../words/code-of-address.ts'

/** Somebody who was invited makes their first passkey. */
export function JoinPage(): ReactNode {
  const entered = useEntered()
  if (entered) return entered
  return (
    <Stack gap="md" className="center-card">
      <PageTitle tab="Join">You were invited</PageTitle>
      <Text>Make a passkey: it signs you in here, and later signs what you approve.</Text>
      <section className="card" aria-label="Register">
        <RegisterForm
          kind="join"
          fields={[
            {
              name: 'code',
              label: 'Invitation code',
              description: 'The last part of the link you were given.',
              initial: codeOfAddress(location.hash),
            },
            {
              name: 'name',
              label: 'Your name',
              description: 'Shown on this page only.',
              autoComplete: 'name',
            },
          ]}
          action="Make my passkey"
          begin={({ code = '', name = '' }) => beginJoin({ code, name })}
        />
      </section>
    </Stack>
  )
}
