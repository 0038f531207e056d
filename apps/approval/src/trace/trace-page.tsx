import { Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useSession } from '../live/queries.ts'
import { PageTitle } from '../parts/page-title.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { safeText } from '../words/safe-text.ts'
import { proveFetched } from './prove-fetched.ts'
import { StoryView } from './story-view.tsx'
import { UnprovenAlert } from './unproven-alert.tsx'

/** Everything that the log has about one thing, each line with its proof, checked in this browser. */
export function TracePage({ id }: { readonly id: string }): ReactNode {
  const issuer = useSession().data?.authority.issuer
  const { data, error, refetch } = useQuery({
    queryKey: ['traces', id],
    queryFn: () => proveFetched(id, issuer ?? ''),
    enabled: issuer !== undefined,
  })
  return (
    <Stack gap="md">
      <div>
        <PageTitle tab="What happened">What happened</PageTitle>
        <Text size="sm" c="dimmed" className="break">
          All that the log has about <span className="mono">{safeText(id, 200)}</span>
        </Text>
      </div>
      {data === undefined && error === null && <Waiting what="the story and its proofs" />}
      <UnprovenAlert error={error} retry={() => void refetch()} />
      {data && error === null && <StoryView story={data} />}
    </Stack>
  )
}
