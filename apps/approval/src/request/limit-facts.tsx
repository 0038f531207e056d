import type { ReactNode } from 'react'
import type { RequestView } from '../api/views.ts'
import { durationWords } from '../words/duration.ts'

/** How long, how often and whether to pass on, where nothing can be chosen. */
export function LimitFacts({ request }: { readonly request: RequestView }): ReactNode {
  const depth = request.max_delegation_depth
  return (
    <dl className="facts">
      <dt>How long</dt>
      <dd>{durationWords(request.valid_for_seconds)} from the approval</dd>
      <dt>How often</dt>
      <dd>{request.max_uses === undefined ? 'No limit' : `At most ${request.max_uses} requests`}</dd>
      <dt>Passing on</dt>
      <dd>
        {depth === 0
          ? 'Not to other agents'
          : `To other agents, ${depth === 1 ? 'one step' : `${depth} steps`}`}
      </dd>
    </dl>
  )
}
