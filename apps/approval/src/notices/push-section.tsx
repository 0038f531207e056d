import { Button, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { addSubscription, fetchPush, type PushView, removeSubscription } from '../api/push-api.ts'
import type { NoticeType } from '../api/webhooks-api.ts'
import { useAction } from '../live/use-action.ts'
import { ActionForm } from '../parts/action-form.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { EVENT_WORDS, EVENTS, EventsChoice } from './events-choice.tsx'
import { OtherBrowser } from './other-browser.tsx'
import { canShowNotices, findEndpoint, subscribeBrowser, unsubscribeBrowser } from './this-browser.ts'

/** The browsers that show what waits for a person: this one first. */
export function PushSection(): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['push'],
    queryFn: async () => ({ ...(await fetchPush()), here: await findEndpoint() }),
  })
  if (data === undefined && error === null) return <Waiting what="browsers" />
  if (data === undefined) return <ProblemAlert error={error} retry={() => void refetch()} />
  const here = data.subscriptions.find(({ endpoint }) => endpoint === data.here)
  return (
    <>
      {here === undefined ? <Subscribe publicKey={data.public_key} /> : <Subscribed here={here} />}
      {data.subscriptions
        .filter((subscription) => subscription !== here)
        .map((subscription) => (
          <OtherBrowser key={subscription.id} subscription={subscription} />
        ))}
    </>
  )
}

function Subscribe({ publicKey }: { readonly publicKey: string }): ReactNode {
  const [events, setEvents] = useState<readonly NoticeType[]>(EVENTS)
  const subscribe = useAction({
    run: async () => addSubscription(await subscribeBrowser(publicKey), events),
    changes: ['push'],
    said: 'This browser shows notices now',
  })
  if (!canShowNotices()) {
    return <Text className="card">This browser cannot show notices while the page is closed.</Text>
  }
  return (
    <ActionForm
      action={subscribe}
      label="Show notices in this browser"
      className="card"
      disabled={events.length === 0}
    >
      <Title order={3} className="section-title">
        This browser
      </Title>
      <Text size="sm">It asks you for permission, and shows them also while this page is closed.</Text>
      <EventsChoice label="Show it here when" events={events} choose={setEvents} />
    </ActionForm>
  )
}

function Subscribed({ here }: { readonly here: PushView['subscriptions'][number] }): ReactNode {
  const stop = useAction({
    run: async () => {
      await unsubscribeBrowser()
      await removeSubscription(here.id)
    },
    changes: ['push'],
    said: 'This browser shows no more notices',
  })
  return (
    <article className="card" aria-label="This browser">
      <Title order={3} className="section-title">
        This browser shows notices
      </Title>
      <Text size="sm">{here.events.map((event) => EVENT_WORDS[event]).join(' · ')}</Text>
      <ProblemAlert error={stop.error} />
      <div className="buttons card-foot">
        <Button variant="default" size="xs" loading={stop.isPending} onClick={() => stop.mutate()}>
          Show no more here
        </Button>
      </div>
    </article>
  )
}
