import { Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { fetchPasskeys } from '../api/passkeys-api.ts'
import { usePollingInterval } from '../live/queries.ts'
import { PageTitle } from '../parts/page-title.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { AddPasskey } from '../passkeys/add-passkey.tsx'
import { EverywhereSection } from '../passkeys/everywhere-section.tsx'
import { PasskeyCard } from '../passkeys/passkey-card.tsx'
import { RecoverySection } from '../passkeys/recovery-section.tsx'

/** How this person signs in and approves: their passkeys, their recovery codes, their sessions. */
export function PasskeysPage(): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['passkeys'],
    queryFn: fetchPasskeys,
    refetchInterval: usePollingInterval(),
  })
  return (
    <Stack gap="md">
      <PageTitle tab="Passkeys">Passkeys and sign-in</PageTitle>
      {data === undefined && error === null && <Waiting what="passkeys" />}
      {data === undefined && <ProblemAlert error={error} retry={() => void refetch()} />}
      {data?.map((passkey) => (
        <PasskeyCard key={passkey.id} passkey={passkey} only={data.length === 1} />
      ))}
      <AddPasskey />
      <RecoverySection />
      <EverywhereSection />
    </Stack>
  )
}
