import type { ReactNode } from 'react'
import type { RequestView } from '../api/views.ts'
import { Moment } from '../parts/moment.tsx'
import { safeText } from '../words/safe-text.ts'

/** Where the key of an agent was proven to run, and who says so. */
export function AgentWorkload({ request }: { readonly request: RequestView }): ReactNode {
  const { agent_workload: workload } = request
  if (workload === undefined) return 'It did not prove where it runs'
  const claims = Object.entries(workload.claims)
  return (
    <>
      <strong>{safeText(workload.subject, 500)}</strong>, says {safeText(workload.issuer, 500)}, until{' '}
      <Moment at={workload.valid_until} />
      {claims.length > 0 && (
        <ul>
          {claims.map(([name, value]) => (
            <li key={name}>
              {safeText(name, 100)}: {safeText(value, 500)}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
