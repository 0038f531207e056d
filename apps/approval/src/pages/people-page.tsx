import { Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { fetchInvitations, fetchPeople } from '../api/people-api.ts'
import { usePollingInterval } from '../live/queries.ts'
import { PageTitle } from '../parts/page-title.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { Invitations } from '../people/invitations.tsx'
import { InviteForm } from '../people/invite-form.tsx'
import { Member } from '../people/member.tsx'
import { usePerson } from '../person-context.ts'

/** Who belongs to this authority; operators invite and change, auditors look. */
export function PeoplePage(): ReactNode {
  const people = useQuery({
    queryKey: ['people', 'members'],
    queryFn: fetchPeople,
    refetchInterval: usePollingInterval(),
  })
  const operator = usePerson().roles.includes('operator')
  const invitations = useQuery({
    queryKey: ['people', 'invitations'],
    queryFn: fetchInvitations,
    enabled: operator,
  })
  return (
    <Stack gap="md">
      <PageTitle tab="People">People</PageTitle>
      {people.data === undefined && people.error === null && <Waiting what="people" />}
      <ProblemAlert error={people.error} retry={() => void people.refetch()} />
      {people.data?.map((member) => (
        <Member key={member.id} member={member} canChange={operator} />
      ))}
      {operator && <InviteForm />}
      {invitations.data && invitations.data.length > 0 && <Invitations invitations={invitations.data} />}
    </Stack>
  )
}
