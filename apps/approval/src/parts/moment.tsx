import type { ReactNode } from 'react'
import { serverNow } from '../api/server-clock.ts'
import { exactTime, momentWords } from '../words/time-words.ts'

interface MomentProps {
  readonly at: string
  /** How exactly; what is read one after the other needs its seconds. */
  readonly to?: 'minute' | 'second'
}

/** A moment in words, its exact time one hover away. */
export function Moment({ at, to = 'minute' }: MomentProps): ReactNode {
  return (
    <time dateTime={at} title={exactTime(at)}>
      {momentWords(at, serverNow(), to)}
    </time>
  )
}
