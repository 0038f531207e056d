import { VisuallyHidden } from '@mantine/core'
import type { ReactNode } from 'react'
import { useNow } from '../live/use-now.ts'
import { countDown } from '../model/countdown.ts'
import { exactTime } from '../words/time-words.ts'

/** How long something still lasts: seconds for the eye, round words for the ear. */
export function Timer({ end }: { readonly end: string }): ReactNode {
  const { short, spoken, urgent } = countDown(end, useNow())
  return (
    <time dateTime={end} title={exactTime(end)} className={urgent ? 'timer timer-urgent' : 'timer'}>
      <span aria-hidden="true">{short}</span>
      <VisuallyHidden>{spoken}</VisuallyHidden>
    </time>
  )
}
