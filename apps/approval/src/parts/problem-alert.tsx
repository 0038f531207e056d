import { Alert, Button, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { problemWords } from '../words/problem-words.ts'

interface ProblemAlertProps {
  /** Nothing is shown for null and undefined. */
  readonly error: unknown
  readonly retry?: () => void
}

/** What went wrong and what to do next, said aloud when it appears. */
export function ProblemAlert({ error, retry }: ProblemAlertProps): ReactNode {
  if (error === null || error === undefined) return null
  const { title, next, code } = problemWords(error)
  return (
    <Alert color="red" title={title} role="alert">
      {next !== '' && <Text size="sm">{next}</Text>}
      {code !== undefined && (
        <Text size="sm" mt={4}>
          Code: <span className="mono">{code}</span>
        </Text>
      )}
      {retry && (
        <Button mt="sm" size="xs" color="red" variant="outline" onClick={retry}>
          Try again
        </Button>
      )}
    </Alert>
  )
}
