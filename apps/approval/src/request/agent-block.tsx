import { Badge } from '@mantine/core'
import type { ReactNode } from 'react'
import type { RequestView } from '../api/views.ts'
import { AgentWorkload } from '../parts/agent-workload.tsx'
import { HostileText } from '../parts/hostile-text.tsx'
import { Moment } from '../parts/moment.tsx'
import { safeText } from '../words/safe-text.ts'

/** Who asks: what it calls itself, and what is known about its key. */
export function AgentBlock({ request }: { readonly request: RequestView }): ReactNode {
  const { agent_name: name, agent_workload: workload } = request
  return (
    <dl className="facts">
      <dt>Calls itself</dt>
      <dd>{name === undefined ? 'It gave no name' : <HostileText text={name} />}</dd>
      <dt>Key fingerprint</dt>
      <dd>
        <span className="fingerprint">{safeText(request.agent_fingerprint, 120)}</span>
      </dd>
      <dt>First seen</dt>
      <dd>
        <Moment at={request.agent_first_seen} />
      </dd>
      <dt>Runs as</dt>
      <dd>
        {workload === undefined ? 'It did not prove where it runs' : <AgentWorkload workload={workload} />}
      </dd>
      <dt>Known to you</dt>
      <dd>
        {request.agent_enrolled ? (
          <Badge color="green" variant="light" tt="none">
            You allow this key some terms by itself
          </Badge>
        ) : (
          <Badge color="gray" variant="light" tt="none">
            Not enrolled
          </Badge>
        )}
      </dd>
    </dl>
  )
}
