import { Button, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { withdrawInvitation } from '../api/people-api.ts'
import type { InvitationView } from '../api/views.ts'
import { useAction } from '../live/use-action.ts'
import { Moment } from '../parts/moment.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { safeText } from '../words/safe-text.ts'

/** Invitations that nobody took yet. */
export function Invitations({ invitations }: { readonly invitations: readonly InvitationView[] }): ReactNode {
  const withdraw = useAction({ run: withdrawInvitation, changes: ['people'], said: 'Invitation withdrawn' })
  return (
    <section className="card" aria-labelledby="invitations">
      <Stack gap="sm">
        <Title order={2} className="section-title" id="invitations">
          Open invitations
        </Title>
        <ProblemAlert error={withdraw.error} />
        {invitations.map(({ id, roles, expires_at: end }) => (
          <div key={id} className="row">
            <Text className="break">
              {safeText(id, 200)} ({roles.join(', ')}), until <Moment at={end} />
            </Text>
            <Button
              size="xs"
              variant="outline"
              color="red"
              aria-label={`Withdraw the invitation of ${safeText(id, 200)}`}
              onClick={() => withdraw.mutate(id)}
            >
              Withdraw
            </Button>
          </div>
        ))}
      </Stack>
    </section>
  )
}
