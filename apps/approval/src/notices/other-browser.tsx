import { Button, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { removeSubscription, type SubscriptionView } from '../api/push-api.ts'
import { useAction } from '../live/use-action.ts'
import { Moment } from '../parts/moment.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { safeText } from '../words/safe-text.ts'

/** A browser elsewhere that shows a person's notices. */
export function OtherBrowser({ subscription }: { readonly subscription: SubscriptionView }): ReactNode {
  const { id, created_at: since, last_delivered_at: delivered } = subscription
  const host = safeText(new URL(subscription.endpoint).host, 100)
  const remove = useAction({
    run: () => removeSubscription(id),
    changes: ['push'],
    said: 'That browser shows no more notices',
  })
  return (
    <article className="card" aria-label="Another browser">
      <Title order={3} className="section-title">
        Another browser shows notices
      </Title>
      <Text size="sm" c="dimmed" className="break">
        Since <Moment at={since} />, by {host}.{' '}
        {delivered !== undefined && (
          <>
            Last delivered <Moment at={delivered} />.
          </>
        )}
      </Text>
      <ProblemAlert error={remove.error} />
      <div className="buttons card-foot">
        <Button
          variant="outline"
          color="red"
          size="xs"
          loading={remove.isPending}
          onClick={() => remove.mutate()}
        >
          Show no more there
        </Button>
      </div>
    </article>
  )
}
