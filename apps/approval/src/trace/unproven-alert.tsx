import { BehalfError } from '@behalf/core'
import { Alert, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { safeText } from '../words/safe-text.ts'

interface UnprovenAlertProps {
  /** Nothing is shown for null. */
  readonly error: Error | null
  readonly retry: () => void
}

/** Why no story is told: it could not be fetched, or what came is not what the log has. */
export function UnprovenAlert({ error, retry }: UnprovenAlertProps): ReactNode {
  if (!(error instanceof BehalfError)) return <ProblemAlert error={error} retry={retry} />
  return (
    <Alert color="red" title="Do not rely on this" role="alert">
      <Text size="sm">
        What the authority sent is not what its log has: {safeText(error.message, 300)}. Nothing of it is
        shown. Tell whoever runs this authority.
      </Text>
      <Text size="sm" mt={4}>
        Code: <span className="mono">{error.code}</span>
      </Text>
    </Alert>
  )
}
