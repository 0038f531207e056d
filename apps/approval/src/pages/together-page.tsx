import { Alert, Anchor, Checkbox, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { Link } from 'wouter'
import type { RequestView } from '../api/views.ts'
import { announce } from '../live/announce.ts'
import { useRequests } from '../live/queries.ts'
import { useNow } from '../live/use-now.ts'
import { countDown } from '../model/countdown.ts'
import { asAsked, grantsSomething, type Narrowing } from '../model/narrowing.ts'
import { AgentName } from '../parts/agent-name.tsx'
import { HostileBlock } from '../parts/hostile-text.tsx'
import { NothingHere } from '../parts/nothing-here.tsx'
import { focusPageTitle, PageTitle } from '../parts/page-title.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { ActionBar } from '../request/action-bar.tsx'
import { AgentLine } from '../request/agent-line.tsx'
import { ApproveDialog } from '../request/approve-dialog.tsx'
import { Limits } from '../request/limits.tsx'
import { Permissions } from '../request/permissions.tsx'

/** All that one agent asks of this person, decided with one passkey prompt. */
export function TogetherPage({ agent }: { readonly agent: string }): ReactNode {
  const { data, error, refetch } = useRequests('pending')
  const now = useNow()
  const requests = data?.filter(
    (request) =>
      request.agent === agent && request.turn === 'yours' && !countDown(request.expires_at, now).ended,
  )
  return (
    <Stack gap="md">
      <Anchor component={Link} href="/" size="sm">
        ← All requests
      </Anchor>
      {requests === undefined && error === null && <Waiting what="requests" />}
      {requests === undefined && <ProblemAlert error={error} retry={() => void refetch()} />}
      {requests?.length === 0 && (
        <>
          <PageTitle tab="Requests">Nothing of this agent waits for you</PageTitle>
          <NothingHere title="Its requests are decided, or ran out of time." />
        </>
      )}
      {requests && requests.length > 0 && <Together requests={requests} />}
    </Stack>
  )
}

interface Choice {
  /** The version that the choice is about. */
  readonly version: number
  readonly included: boolean
  readonly narrowing: Narrowing
}

interface Choices {
  readonly of: (request: RequestView) => Choice
  readonly change: (request: RequestView, change: Partial<Choice>) => void
}

/** What a person chose for each request; what was chosen for another version is no choice for this one. */
function useChoices(): Choices {
  const [made, setMade] = useState<ReadonlyMap<string, Choice>>(() => new Map())
  const choiceOf = (request: RequestView): Choice => {
    const choice = made.get(request.id)
    if (choice?.version === request.version) return choice
    return { version: request.version, included: true, narrowing: asAsked(request) }
  }
  return {
    of: choiceOf,
    change: (request, change) => setMade(new Map(made).set(request.id, { ...choiceOf(request), ...change })),
  }
}

function Together({ requests }: { readonly requests: readonly RequestView[] }): ReactNode {
  const choices = useChoices()
  const [approving, setApproving] = useState(false)
  const chosen = requests
    .map((request) => ({ request, ...choices.of(request) }))
    .filter(({ included }) => included)
  const isEmpty = chosen.some(({ request, narrowing }) => !grantsSomething(narrowing, request))
  return (
    <>
      <Heading requests={requests} />
      {requests.map((request, index) => (
        <Item
          key={`${request.id} ${request.version}`}
          number={index + 1}
          request={request}
          choice={choices.of(request)}
          change={(change) => choices.change(request, change)}
        />
      ))}
      <ActionBar
        end={soonest(requests)}
        words={`${chosen.length} of ${requests.length} chosen`}
        blocked={chosen.length === 0 || isEmpty}
        approve={`Approve ${chosen.length} …`}
        onApprove={() => setApproving(true)}
      />
      {approving && (
        <ApproveDialog
          chosen={chosen}
          onClose={() => setApproving(false)}
          onApproved={() => {
            setApproving(false)
            announce('Approved')
            setTimeout(focusPageTitle)
          }}
        />
      )}
    </>
  )
}

function Heading({ requests }: { readonly requests: readonly RequestView[] }): ReactNode {
  const [first] = requests
  if (first === undefined) return null
  return (
    <>
      <PageTitle tab="Requests">
        <AgentName name={first.agent_name} /> asks for {requests.length} things
      </PageTitle>
      <AgentLine request={first} />
      {requests.some(({ version }) => version > 1) && (
        <Alert color="yellow" title="Some of these were changed by the agent">
          You see each as it is now.
        </Alert>
      )}
    </>
  )
}

function soonest(requests: readonly RequestView[]): string {
  return requests.map(({ expires_at: end }) => end).toSorted()[0] ?? ''
}

interface ItemProps {
  readonly number: number
  readonly request: RequestView
  readonly choice: Choice
  readonly change: (change: Partial<Choice>) => void
}

function Item({ number, request, choice, change }: ItemProps): ReactNode {
  const choose = (narrowing: Narrowing): void => change({ narrowing })
  return (
    <section className="card" aria-labelledby={`item-${number}`}>
      <Stack gap="sm">
        <Title order={2} className="section-title" id={`item-${number}`}>
          Request {number}
        </Title>
        <Checkbox
          label={`Approve request ${number}`}
          checked={choice.included}
          onChange={(event) => change({ included: event.currentTarget.checked })}
        />
        <Permissions
          request={request}
          narrowing={choice.narrowing}
          choose={choice.included ? choose : undefined}
        />
        {choice.included && <Limits request={request} narrowing={choice.narrowing} choose={choose} />}
        <HostileBlock label="Why, in the agent’s own words" text={request.purpose} />
        {request.approvals_needed > 1 && <Text size="sm">This one takes a second person as well.</Text>}
        <Anchor component={Link} href={`/approve/${encodeURIComponent(request.id)}`} size="sm">
          Everything about request {number}, or deny it
        </Anchor>
      </Stack>
    </section>
  )
}
