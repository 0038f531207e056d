import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import type { PreviousView } from '../api/views.ts'
import { Moment } from '../parts/moment.tsx'
import { safeText } from '../words/safe-text.ts'

/** How this differs from what the same agent was allowed before. */
export function PreviousBlock({ previous }: { readonly previous: PreviousView | undefined }): ReactNode {
  if (previous === undefined) {
    return <Text>This agent was not allowed anything before: there is nothing to compare with.</Text>
  }
  const { decided_at: at, differences } = previous
  if (differences.length === 0) {
    return (
      <Text>
        The same terms as the last time (<Moment at={at} />
        ).
      </Text>
    )
  }
  return (
    <>
      <Text>
        Different from the last time (<Moment at={at} />
        ):
      </Text>
      <ul className="sentences">
        {differences.map((difference) => (
          <li key={difference}>{safeText(difference, 500)}</li>
        ))}
      </ul>
    </>
  )
}
