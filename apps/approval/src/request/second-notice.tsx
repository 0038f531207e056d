import { Alert } from '@mantine/core'
import type { ReactNode } from 'react'
import type { RequestView } from '../api/views.ts'
import { safeText } from '../words/safe-text.ts'

/** Says that two people are needed, and whose turn it is. */
export function SecondNotice({ request }: { readonly request: RequestView }): ReactNode {
  if (request.status !== 'pending' || request.approvals_needed < 2) return null
  const first = request.approvals[0]
  if (request.turn === 'second' && first !== undefined) {
    return (
      <Alert color="indigo" title="Your second approval is needed">
        {safeText(first.by, 100)} approved this. You approve exactly the same, which is shown once more before
        you confirm: it may be less than what stands here.
      </Alert>
    )
  }
  if (request.turn !== 'yours') return null
  return (
    <Alert color="indigo" title="This takes two people">
      You approve first, and may narrow it. Then another approver has to approve exactly what you did.
    </Alert>
  )
}
