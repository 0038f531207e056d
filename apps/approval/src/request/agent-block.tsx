import { Badge } from '@mantine/core'
import type { ReactNode } from 'react'
import type { RequestView } from '../api/views.ts'
import { HostileText } from '../parts/hostile-text.tsx'
import { Moment } from '../parts/moment.tsx'
import { safeText } from '../words/safe-text.ts'
import { AgentWorkload } from './agent-workload.tsx'

/** Who asks: what it calls itself, and what is known about its key. */
export function AgentBlock({ request }: { readonly request: RequestView }): ReactNode {
  const { agent_name: name } = request
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
        <AgentWorkload request={request} />
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
