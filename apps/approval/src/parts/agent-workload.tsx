import type { ReactNode } from 'react'
import type { WorkloadView } from '../api/views.ts'
import { safeText } from '../words/safe-text.ts'
import { Moment } from './moment.tsx'

/** Where the key of an agent was proven to run, and who says so. */
export function AgentWorkload({ workload }: { readonly workload: WorkloadView }): ReactNode {
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
