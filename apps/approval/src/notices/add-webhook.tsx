import { Text, TextInput, Title } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { stepUp } from '../api/passkey-ceremony.ts'
import { addWebhook, type NoticeType } from '../api/webhooks-api.ts'
import { useAction } from '../live/use-action.ts'
import { ActionForm } from '../parts/action-form.tsx'
import { EVENTS, EventsChoice } from './events-choice.tsx'

/** One more webhook, vouched for by a passkey. */
export function AddWebhook(): ReactNode {
  const [url, setUrl] = useState('')
  const [events, setEvents] = useState<readonly NoticeType[]>(EVENTS)
  const add = useAction({
    run: async () => addWebhook({ url: url.trim(), events }, await stepUp()),
    changes: ['webhooks'],
    said: 'Webhook added',
    done: () => setUrl(''),
  })
  return (
    <ActionForm action={add} label="Add a webhook" className="card" disabled={events.length === 0}>
      <Title order={3} className="section-title">
        Add a webhook
      </Title>
      <Text size="sm">
        A chat or another program of yours gets a signed message. Confirm it with your passkey.
      </Text>
      <TextInput
        label="Its URL"
        type="url"
        placeholder="https://chat.example/hooks/7"
        required
        maxLength={2000}
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
      />
      <EventsChoice label="Tell it when" events={events} choose={setEvents} />
    </ActionForm>
  )
}
