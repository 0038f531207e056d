import { Checkbox, Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import type { NoticeType } from '../api/webhooks-api.ts'

/** What each kind of notice says, in the words of the page. */
export const EVENT_WORDS: Readonly<Record<NoticeType, string>> = {
  'request.waiting': 'A request waits for you',
  'request.expired': 'A request ran out undecided',
  'delegation.revoked': 'Somebody else stopped an agent of yours',
}

/** Every kind of notice. */
export const EVENTS: readonly NoticeType[] = ['request.waiting', 'request.expired', 'delegation.revoked']

interface EventsChoiceProps {
  readonly label: string
  readonly events: readonly NoticeType[]
  readonly choose: (events: readonly NoticeType[]) => void
}

/** One or more kinds of notices. */
export function EventsChoice({ label, events, choose }: EventsChoiceProps): ReactNode {
  return (
    <fieldset className="plain-fieldset">
      <legend>{label}</legend>
      <Stack gap="xs">
        {EVENTS.map((event) => (
          <Checkbox
            key={event}
            label={EVENT_WORDS[event]}
            checked={events.includes(event)}
            onChange={({ currentTarget: { checked } }) =>
              choose(EVENTS.filter((other) => (other === event ? checked : events.includes(other))))
            }
          />
        ))}
      </Stack>
    </fieldset>
  )
}
