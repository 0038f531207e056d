import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import type { RequestView } from '../api/views.ts'
import { decisionWords } from '../words/decision-words.ts'
import { safeText } from '../words/safe-text.ts'

/** What the policy said, and why. */
export function PolicyBlock({ request }: { readonly request: RequestView }): ReactNode {
  const { id, decision, rule, reason, digest } = request.policy
  return (
    <>
      <Text>
        {decisionWords(decision)}
        {reason !== undefined && ` Its reason: ${safeText(reason, 500)}`}
      </Text>
      <Text size="sm" c="dimmed" mt={4}>
        Policy <span className="mono">{safeText(id, 100)}</span>
        {rule !== undefined && (
          <>
            , rule <span className="mono">{safeText(rule, 100)}</span>
          </>
        )}
        , <span className="mono">{safeText(digest, 90)}</span>
      </Text>
    </>
  )
}
