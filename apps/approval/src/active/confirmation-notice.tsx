import { Alert, Button, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { type Receipt, useConfirmations, WITHIN_MS } from '../live/use-confirmations.ts'
import type { ConfirmationProgress } from '../model/confirmation-progress.ts'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import {
  absentWords,
  apiWords,
  BOUND_WORDS,
  confirmationWords,
  type Deed,
  lateWords,
  otherWords,
  unprovenWords,
} from '../words/confirmation-words.ts'

/** Something that was stopped, suspended or resumed. */
export interface Done extends Receipt {
  readonly deed: Deed
  /** Where it could be used. */
  readonly origins: readonly string[]
}

interface ConfirmationNoticeProps {
  readonly done: Done
  readonly onClose: () => void
}

/** Tells, as it happens, which APIs confirmed that they know. */
export function ConfirmationNotice({ done, onClose }: ConfirmationNoticeProps): ReactNode {
  const { deed, origins } = done
  const { progress, isOver, error, askAgain } = useConfirmations(done)
  const asking = { isOver, withinMs: WITHIN_MS }
  const isComplete = progress?.afterMs !== undefined
  const isLate = isOver && !isComplete
  const named = new Set(progress?.apis.flatMap((api) => api.origins))
  const absent = progress && absentWords(origins.filter((origin) => !named.has(origin)))
  const isKnownEverywhere = isComplete && absent === undefined
  return (
    <Alert
      color={isLate ? 'yellow' : isKnownEverywhere ? 'green' : 'indigo'}
      title={confirmationWords(deed, progress, asking)}
      role="status"
      withCloseButton
      closeButtonLabel="Close"
      onClose={onClose}
    >
      {progress !== undefined && <Apis progress={progress} isOver={isOver} />}
      {isLate && <Line>{lateWords(deed)}</Line>}
      {absent !== undefined && <Line>{absent}</Line>}
      {(isLate || absent !== undefined) && deed !== 'resumed' && <Line>{BOUND_WORDS}</Line>}
      {isLate && (
        <Button mt="sm" size="xs" variant="outline" onClick={askAgain}>
          Ask again
        </Button>
      )}
      <ProblemAlert error={error} />
    </Alert>
  )
}

interface ApisProps {
  readonly progress: ConfirmationProgress
  readonly isOver: boolean
}

function Apis({ progress, isOver }: ApisProps): ReactNode {
  const rest = [otherWords(progress), unprovenWords(progress)].filter((words) => words !== undefined)
  if (progress.apis.length === 0 && rest.length === 0) return null
  return (
    <ul className="sentences">
      {progress.apis.map((api) => (
        <Text key={api.did} component="li" size="sm" fw={isOver && api.afterMs === undefined ? 700 : 400}>
          {apiWords(api, { isOver, withinMs: WITHIN_MS })}
        </Text>
      ))}
      {rest.map((words) => (
        <Text key={words} component="li" size="sm">
          {words}
        </Text>
      ))}
    </ul>
  )
}

function Line({ children }: { readonly children: string }): ReactNode {
  return (
    <Text size="sm" mt="xs" className="break">
      {children}
    </Text>
  )
}
