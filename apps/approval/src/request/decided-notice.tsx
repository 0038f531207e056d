import { Alert, Anchor, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { RequestView } from '../api/views.ts'
import { Moment } from '../parts/moment.tsx'
import { usePerson } from '../person-context.ts'
import { safeText } from '../words/safe-text.ts'

/** How a request ended, or what it still waits for when this person has done their part. */
export function DecidedNotice({ request }: { readonly request: RequestView }): ReactNode {
  const { status, approvals } = request
  const person = usePerson()
  if (status === 'expired') {
    return (
      <Alert color="gray" title="Nobody decided this in time" role="status">
        Nothing was approved. The agent can ask again.
      </Alert>
    )
  }
  if (status === 'approved') return <Approved request={request} />
  if (status === 'refused') return <Refused request={request} />
  if (approvals.some(({ by }) => by === person.id)) {
    return (
      <Alert color="green" title="You approved this" role="status">
        It takes a second person. Nothing is allowed until they approve as well.
      </Alert>
    )
  }
  return null
}

function Approved({ request }: { readonly request: RequestView }): ReactNode {
  return (
    <Alert color="green" title="Approved" role="status">
      {request.approval_method === 'login' && (
        <Text size="sm" fw={600}>
          Without a passkey, by company login: nothing proves whose approval it was.
        </Text>
      )}
      <Text size="sm">
        Decided {request.decided_at !== undefined && <Moment at={request.decided_at} />}
        {request.decided_by !== undefined && ` by ${safeText(request.decided_by, 100)}`}. You can stop it at
        any time under{' '}
        <Anchor component={Link} href="/active" inherit underline="always">
          Active
        </Anchor>
        .
      </Text>
    </Alert>
  )
}

function Refused({ request }: { readonly request: RequestView }): ReactNode {
  return (
    <Alert color="red" title="Denied" role="status">
      <Text size="sm">
        Decided {request.decided_at !== undefined && <Moment at={request.decided_at} />}
        {request.decided_by !== undefined && ` by ${safeText(request.decided_by, 100)}`}.
        {request.reason !== undefined && ` Reason: ${safeText(request.reason, 500)}`}
      </Text>
    </Alert>
  )
}
