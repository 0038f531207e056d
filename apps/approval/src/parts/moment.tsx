import type { ReactNode } from 'react'
import { serverNow } from '../api/server-clock.ts'
import { exactTime, momentWords } from '../words/time-words.ts'

/** A moment in words, its exact time one hover away. */
export function Moment({ at }: { readonly at: string }): ReactNode {
  return (
    <time dateTime={at} title={exactTime(at)}>
      {momentWords(at, serverNow())}
    </time>
  )
}
