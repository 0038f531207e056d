import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import type { RequestView } from '../api/views.ts'
import { safeText } from '../words/safe-text.ts'

const DECISIONS: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    'approve-enrolled': 'It lets an enrolled key have this by itself.',
    ask: 'It asks a person.',
    'ask-one': 'It asks one person.',
    'ask-two': 'It asks two people.',
    refuse: 'It refuses this.',
  }),
)

/** What the policy said, and why. */
export function PolicyBlock({ request }: { readonly request: RequestView }): ReactNode {
  const { id, decision, rule, reason, digest } = request.policy
  return (
    <>
      <Text>
        {DECISIONS.get(decision) ?? `It said: ${safeText(decision, 60)}.`}
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
