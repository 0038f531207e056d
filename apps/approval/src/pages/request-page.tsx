import { Anchor, Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { useRequest } from '../live/queries.ts'
import { PageTitle } from '../parts/page-title.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { RequestDetails } from '../request/request-details.tsx'

/** One request, at the address that its agent shows. */
export function RequestPage({ id }: { readonly id: string }): ReactNode {
  const { data, error, refetch } = useRequest(id)
  return (
    <Stack gap="md">
      <Anchor component={Link} href="/" size="sm">
        ← All requests
      </Anchor>
      {data === undefined && error === null && <Waiting what="the request" />}
      {data === undefined && error !== null && (
        <>
          <PageTitle tab="Request">This request cannot be shown</PageTitle>
          <ProblemAlert error={error} retry={() => void refetch()} />
        </>
      )}
      {data && <RequestDetails latest={data} />}
    </Stack>
  )
}
