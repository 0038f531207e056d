import { Button, Stack, Text, Title } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { fetchHistory } from '../api/history-api.ts'
import type { EventView } from '../api/views.ts'
import { AgentName } from '../parts/agent-name.tsx'
import { Moment } from '../parts/moment.tsx'
import { NothingHere } from '../parts/nothing-here.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { StoryLink } from '../parts/story-link.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { eventActor, eventDetails, eventWords } from '../words/event-words.ts'
import { storyOf } from '../words/record-words.ts'

/** What the authority recorded, newest first. */
export function HistoryPage(): ReactNode {
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['history'],
    queryFn: ({ pageParam }) => fetchHistory(pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => oldest(page),
  })
  const events = data?.pages.flat()
  return (
    <Stack gap="md">
      <PageTitle tab="History">History</PageTitle>
      {events === undefined && error === null && <Waiting what="the history" />}
      {error !== null && <ProblemAlert error={error} retry={() => void refetch()} />}
      {events?.length === 0 && <NothingHere title="Nothing happened yet." />}
      {events && events.length > 0 && (
        <ol className="plain-list card">
          {events.map((event) => (
            <Event key={event.sequence} event={event} />
          ))}
        </ol>
      )}
      {hasNextPage && (
        <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show older
        </Button>
      )}
    </Stack>
  )
}

/** The first event of all has number 1: nothing is older. */
function oldest(page: readonly EventView[]): number | undefined {
  const last = page.at(-1)?.sequence
  return last === undefined || last <= 1 ? undefined : last
}

function Event({ event }: { readonly event: EventView }): ReactNode {
  const { headline, tone } = eventWords(event)
  const details = eventDetails(event.data)
  const actor = eventActor(event)
  const story = storyOf(event.data)
  return (
    <li className="event">
      <span className="event-dot" data-tone={tone} aria-hidden="true" />
      <div className="event-body">
        <div className="row">
          <Title order={2} className="event-title">
            {headline}
            {actor !== undefined && <span className="event-actor"> by {actor}</span>}
          </Title>
          <Text size="sm" c="dimmed">
            <Moment at={event.time} />
          </Text>
        </div>
        {event.agent_fingerprint !== undefined && (
          <Text size="sm">
            <AgentName name={event.agent_name} />, key <span className="mono">{event.agent_fingerprint}</span>
          </Text>
        )}
        {story !== undefined && <StoryLink id={story} />}
        {details.length > 0 && (
          <details className="rule">
            <summary>Details</summary>
            <dl className="facts">
              {details.map(([name, value]) => (
                <div key={name} className="fact-pair">
                  <dt>{name}</dt>
                  <dd className="mono">{value}</dd>
                </div>
              ))}
            </dl>
          </details>
        )}
      </div>
    </li>
  )
}
