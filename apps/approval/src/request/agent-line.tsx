import { Alert, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import type { RequestView } from '../api/views.ts'
import { Moment } from '../parts/moment.tsx'
import { safeText } from '../words/safe-text.ts'

/** Under the name of an agent: its key, which it cannot choose to look like another's, and what is odd about the name. */
export function AgentLine({ request }: { readonly request: RequestView }): ReactNode {
  const { name_warnings: warnings } = request
  return (
    <>
      <Text c="dimmed">
        Key <span className="fingerprint">{safeText(request.agent_fingerprint, 120)}</span>, first seen{' '}
        <Moment at={request.agent_first_seen} />,{' '}
        {request.agent_enrolled ? 'enrolled by you' : 'not enrolled'}
      </Text>
      {warnings.length > 0 && (
        <Alert color="yellow" title="Careful with this name">
          <ul className="sentences">
            {warnings.map((warning) => (
              <li key={warning}>{safeText(warning, 300)}</li>
            ))}
          </ul>
        </Alert>
      )}
    </>
  )
}
