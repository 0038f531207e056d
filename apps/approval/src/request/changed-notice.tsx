import { Alert, Button } from '@mantine/core'
import { type ReactNode, useEffect, useRef } from 'react'
import type { RequestView } from '../api/views.ts'
import { describeChanges } from '../model/describe-changes.ts'
import { safeText } from '../words/safe-text.ts'

interface ChangedNoticeProps {
  readonly seen: RequestView
  readonly changed: RequestView
  readonly onRead: () => void
}

/** Says what the agent changed while the person was reading; until they take it in, nothing can be approved. */
export function ChangedNotice({ seen, changed, onRead }: ChangedNoticeProps): ReactNode {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => box.current?.focus(), [])
  return (
    <Alert
      ref={box}
      tabIndex={-1}
      color="red"
      role="alert"
      title="The agent changed its request while you were reading"
    >
      <ul className="sentences changes">
        {describeChanges(seen, changed).map(({ words, kind }) => (
          <li key={words} data-kind={kind}>
            {safeText(words, 600)}
          </li>
        ))}
      </ul>
      <Button mt="sm" color="red" onClick={onRead}>
        Show me the request as it is now
      </Button>
    </Alert>
  )
}
