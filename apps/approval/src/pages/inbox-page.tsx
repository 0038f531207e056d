import { Anchor, Badge, Button, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { RequestView } from '../api/views.ts'
import { useRequests } from '../live/queries.ts'
import { useNow } from '../live/use-now.ts'
import { countDown } from '../model/countdown.ts'
import { groupByAgent } from '../model/group-by-agent.ts'
import { AgentName } from '../parts/agent-name.tsx'
import { HostileText } from '../parts/hostile-text.tsx'
import { NothingHere } from '../parts/nothing-here.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { Timer } from '../parts/timer.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { usePerson } from '../person-context.ts'
import { capabilitySentence } from '../words/capability-sentence.ts'
import { safeText } from '../words/safe-text.ts'

/** What waits for a decision, what this person decides first. */
export function InboxPage(): ReactNode {
  const { data, error, refetch } = useRequests('pending')
  const now = useNow()
  const open = data?.filter(({ expires_at: end }) => !countDown(end, now).ended)
  const mine = open?.filter(({ turn }) => turn === 'yours' || turn === 'second') ?? []
  const others = open?.filter(({ turn }) => turn === 'theirs' || turn === 'none') ?? []
  return (
    <Stack gap="md">
      <PageTitle tab={mine.length > 0 ? `(${mine.length}) Requests` : 'Requests'}>
        {mine.length > 0 ? 'Waiting for you' : 'Requests'}
      </PageTitle>
      {data === undefined && error === null && <Waiting what="requests" />}
      {data === undefined && error !== null && <ProblemAlert error={error} retry={() => void refetch()} />}
      {open && mine.length === 0 && (
        <NothingHere title="Nothing waits for you.">
          When an agent asks to act for you, it appears here by itself, and the agent shows you a link to it.
        </NothingHere>
      )}
      {groupByAgent(mine).map((requests) => (
        <AgentGroup key={requests[0]?.agent} requests={requests} />
      ))}
      {others.length > 0 && (
        <>
          <Title order={2} className="section-title" mt="md">
            Waiting for others
          </Title>
          {others.map((request) => (
            <RequestCard key={request.id} request={request} />
          ))}
        </>
      )}
    </Stack>
  )
}

/** Several requests of one agent can be decided at once. */
function AgentGroup({ requests }: { readonly requests: readonly RequestView[] }): ReactNode {
  const [first] = requests
  const several = requests.filter(({ turn }) => turn === 'yours').length > 1
  return (
    <Stack gap="sm">
      {requests.map((request) => (
        <RequestCard key={request.id} request={request} />
      ))}
      {several && first && (
        <Anchor component={Link} href={`/requests/together/${encodeURIComponent(first.agent)}`}>
          Decide the {requests.length} requests of this agent together
        </Anchor>
      )}
    </Stack>
  )
}

const SHOWN_SENTENCES = 3

function RequestCard({ request }: { readonly request: RequestView }): ReactNode {
  const { capabilities, turn, approvals } = request
  const person = usePerson()
  const rest = capabilities.length - SHOWN_SENTENCES
  return (
    <article className="card">
      <Title order={2} className="section-title">
        <AgentName name={request.agent_name} /> asks to act for <bdi>{request.on_behalf_of.id}</bdi>
      </Title>
      {request.name_warnings.length > 0 && (
        <Badge color="yellow" variant="light" tt="none" mt={4}>
          Careful with this name
        </Badge>
      )}
      {turn === 'second' && <Text fw={600}>It needs your second approval.</Text>}
      {approvals.some(({ by }) => by === person.id) && (
        <Text fw={600}>You approved; a second person has to as well.</Text>
      )}
      <ul className="sentences">
        {capabilities.slice(0, SHOWN_SENTENCES).map((capability) => (
          <li key={JSON.stringify(capability)}>{capabilitySentence(capability)}</li>
        ))}
        {rest > 0 && <li>and {rest} more</li>}
      </ul>
      <Text size="sm" className="card-purpose">
        Why: <HostileText text={request.purpose} maxLength={160} />
      </Text>
      <div className="row card-foot">
        <Text size="sm" c="dimmed">
          Key <span className="mono">{safeText(request.agent_fingerprint, 120)}</span> · decide within{' '}
          <Timer end={request.expires_at} />
        </Text>
        <Button
          component={Link}
          href={`/approve/${encodeURIComponent(request.id)}`}
          variant={turn === 'yours' || turn === 'second' ? 'filled' : 'default'}
        >
          {turn === 'yours' || turn === 'second' ? 'Read and decide' : 'Read'}
        </Button>
      </div>
    </article>
  )
}
