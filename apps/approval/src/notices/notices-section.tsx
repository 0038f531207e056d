import { Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { fetchWebhooks } from '../api/webhooks-api.ts'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { AddWebhook } from './add-webhook.tsx'
import { PushSection } from './push-section.tsx'
import { WebhookCard } from './webhook-card.tsx'

// What comes of a delivery is no event of the stream of changes.
const LOOK_AGAIN_MS = 5000

/** Where a person is told what waits for them while the page is closed. */
export function NoticesSection(): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['webhooks'],
    queryFn: fetchWebhooks,
    refetchInterval: LOOK_AGAIN_MS,
  })
  return (
    <>
      <Title order={2} className="section-title" mt="md">
        Notices
      </Title>
      <Text size="sm">What you are told while this page is closed. Deciding always happens here.</Text>
      <PushSection />
      {data === undefined && error === null && <Waiting what="webhooks" />}
      {data === undefined && <ProblemAlert error={error} retry={() => void refetch()} />}
      {data?.map((webhook) => (
        <WebhookCard key={webhook.id} webhook={webhook} />
      ))}
      <AddWebhook />
    </>
  )
}
