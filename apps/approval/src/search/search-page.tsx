import { Button, Stack } from '@mantine/core'
import { type InfiniteData, useInfiniteQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { type LogFilter, searchLog } from '../api/log-api.ts'
import type { LogView } from '../api/log-views.ts'
import { NothingHere } from '../parts/nothing-here.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { RecordItem } from '../parts/record-item.tsx'
import { StoryLink } from '../parts/story-link.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { storyOf } from '../words/record-words.ts'
import { SearchForm } from './search-form.tsx'

const EVERYTHING: LogFilter = { agent: '', principal: '', api: '', run: '', code: '', from: '', until: '' }

/** The log, looked through by what a person knows. */
export function SearchPage(): ReactNode {
  const [filter, setFilter] = useState(EVERYTHING)
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['log', filter],
    queryFn: ({ pageParam }) => searchLog(filter, pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ before }) => before,
  })
  return (
    <Stack gap="md">
      <PageTitle tab="Search">Search the log</PageTitle>
      <SearchForm onSearch={setFilter} />
      {data === undefined && error === null && <Waiting what="records" />}
      {error !== null && <ProblemAlert error={error} retry={() => void refetch()} />}
      {data && <Found data={data} isEnd={!hasNextPage} />}
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
  readonly isEnd: boolean
}

function Found({ data, isEnd }: FoundProps): ReactNode {
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
    <ol className="plain-list card" aria-label="What was found">
      {found.map(({ index, record, names }) => {
        const story = storyOf(record)
        return (
          <RecordItem key={index} record={record} names={names} folded>
            {story !== undefined && <StoryLink id={story} />}
          </RecordItem>
        )
      })}
    </ol>
  )
}
