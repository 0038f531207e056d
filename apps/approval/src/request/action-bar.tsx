import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { Timer } from '../parts/timer.tsx'

interface ActionBarProps {
  /** When the request can no longer be decided, RFC 3339. */
  readonly end: string
  /** What will differ from what was asked. */
  readonly words: string
  readonly blocked: boolean
  readonly approve?: string
  readonly onApprove: () => void
  readonly onDeny?: () => void
}

/** Yes and no, always in reach. */
export function ActionBar({ end, words, blocked, approve, onApprove, onDeny }: ActionBarProps): ReactNode {
  return (
    <section className="action-bar" aria-label="Decide">
      <div className="action-bar-inner">
        <Button size="md" disabled={blocked} onClick={onApprove}>
          {approve ?? 'Approve …'}
        </Button>
        {onDeny && (
          <Button size="md" variant="outline" color="red" onClick={onDeny}>
            Deny …
          </Button>
        )}
        <div className="action-bar-words">
          <div aria-live="polite">{words}</div>
          <div>
            Decide within <Timer end={end} />
          </div>
        </div>
      </div>
    </section>
  )
}
