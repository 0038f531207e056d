import { Button, Stack, Text } from '@mantine/core'
import { type InfiniteData, useInfiniteQuery } from '@tanstack/react-query'
import { type ReactNode, useMemo } from 'react'
import { Link, useLocation, useSearch } from 'wouter'
import { type LogFilter, searchLog } from '../api/log-api.ts'
import type { LogView, RecordView } from '../api/log-views.ts'
import { NothingHere } from '../parts/nothing-here.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { RecordItem } from '../parts/record-item.tsx'
import { StoryLink } from '../parts/story-link.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { storyOf } from '../words/record-words.ts'
import { readSearch, searchAddress } from './search-address.ts'
import { SearchForm } from './search-form.tsx'

/** The log, looked through by what a person knows. */
export function SearchPage(): ReactNode {
  const search = useSearch()
  const filter = useMemo(() => readSearch(search), [search])
  const [, navigate] = useLocation()
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['log', filter],
    queryFn: ({ pageParam }) => searchLog(filter, pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ before }) => before,
  })
  return (
    <Stack gap="md">
      <PageTitle tab="Search">Search the log</PageTitle>
      <SearchForm filter={filter} onSearch={(wanted) => navigate(searchAddress(wanted))} />
      {data === undefined && error === null && <Waiting what="records" />}
      {error !== null && <ProblemAlert error={error} retry={() => void refetch()} />}
      {data && <Found data={data} filter={filter} isEnd={!hasNextPage} />}
      {hasNextPage && (
        <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Look further back
        </Button>
      )}
    </Stack>
  )
}

interface FoundProps {
  readonly data: InfiniteData<LogView, unknown>
  readonly filter: LogFilter
  readonly isEnd: boolean
}

function Found({ data, filter, isEnd }: FoundProps): ReactNode {
  const found = data.pages.flatMap((page) => page.entries.map((entry) => ({ ...entry, names: page })))
  if (found.length === 0) {
    return (
      <NothingHere title={isEnd ? 'Nothing like this is in the log.' : 'Nothing so far.'}>
        You find what concerns delegations that act for you, or that you approved. Requests are here when
        their API reports to this authority.
      </NothingHere>
    )
  }
  return (
    <>
      <Text size="sm" c="dimmed" role="status">
        {found.length === 1 ? '1 record' : `${found.length} records`}
        {isEnd ? '' : ' so far'}, the latest first
      </Text>
      <ol className="plain-list card" aria-label="What was found">
        {found.map(({ index, record, names }) => {
          const story = storyOf(record)
          return (
            <RecordItem key={index} record={record} names={names} folded>
              <div className="links">
                {story !== undefined && <StoryLink id={story} />}
                <Narrower record={record} filter={filter} />
              </div>
            </RecordItem>
          )
        })}
      </ol>
    </>
  )
}

/** Leads to what of all this has the same agent, or the same API. */
function Narrower({
  record,
  filter,
}: {
  readonly record: RecordView
  readonly filter: LogFilter
}): ReactNode {
  const { subject: agent, audience: api } = record
  const isAgent = typeof agent === 'string' && agent.startsWith('did:') && filter.agent !== agent
  const isApi = typeof api === 'string' && filter.api !== api
  return (
    <>
      {isAgent && (
        <Text size="sm">
          <Link href={searchAddress({ ...filter, agent })} className="line-link">
            Only this agent
          </Link>
        </Text>
      )}
      {isApi && (
        <Text size="sm">
          <Link href={searchAddress({ ...filter, api })} className="line-link">
            Only this API
          </Link>
        </Text>
      )}
    </>
  )
}
