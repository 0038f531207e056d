import { Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { beginClaim } from '../api/session-api.ts'
import { PageTitle } from '../parts/page-title.tsx'
import { type RegisterField, RegisterForm } from '../parts/register-form.tsx'
import { codeOfAddress } from '../words/code-of-address.ts'

/** The first person takes over a fresh authority. */
export function ClaimPage(): ReactNode {
  const fields: readonly RegisterField[] = [
    {
      name: 'code',
      label: 'One-time code',
      description: 'It was printed where the authority was started.',
      initial: codeOfAddress(location.hash),
    },
    {
      name: 'id',
      label: 'Your id',
      description:
        'Agents name it when they ask to act for you. Letters, digits and signs; it never changes.',
      autoComplete: 'username',
      pattern: '[!-~]{1,200}',
    },
    {
      name: 'name',
      label: 'Your name',
      description: 'Shown on this page only, never put into a credential.',
      autoComplete: 'name',
    },
  ]
  return (
    <Stack gap="md" className="center-card">
      <PageTitle tab="Set up">This authority has nobody yet</PageTitle>
      <Text>The first person who registers runs it: approves, invites others and sees the record.</Text>
      <section className="card" aria-label="Register">
        <RegisterForm
          kind="claim"
          fields={fields}
          action="Make my passkey"
          begin={({ code = '', id = '', name = '' }) => beginClaim({ code, id, name })}
        />
      </section>
    </Stack>
  )
}
