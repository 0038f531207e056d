import { Alert, Button, Text, Title } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { removeWebhook, testWebhook, type WebhookView } from '../api/webhooks-api.ts'
import { useAction } from '../live/use-action.ts'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'
import { Moment } from '../parts/moment.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { failureWords } from '../words/failure-words.ts'
import { safeText } from '../words/safe-text.ts'
import { EVENT_WORDS } from './events-choice.tsx'

/** One webhook: what it is told, how that goes, and how it is tried or removed. */
export function WebhookCard({ webhook }: { readonly webhook: WebhookView }): ReactNode {
  const [removing, setRemoving] = useState(false)
  const url = safeText(webhook.url, 200)
  const test = useAction({
    run: () => testWebhook(webhook.id),
    changes: ['webhooks'],
    said: 'The test was sent',
  })
  return (
    <article className="card" aria-label={`Webhook ${url}`}>
      <Title order={3} className="section-title break">
        {url}
      </Title>
      <Text size="sm">{webhook.events.map((event) => EVENT_WORDS[event]).join(' · ')}</Text>
      <State webhook={webhook} />
      <Text size="sm" c="dimmed" className="break">
        Messages are signed with <span className="mono">{webhook.public_key}</span>
      </Text>
      <ProblemAlert error={test.error} />
      <div className="buttons card-foot">
        <Button
          variant="default"
          size="xs"
          loading={test.isPending}
          aria-label={`Send a test to ${url}`}
          onClick={() => test.mutate()}
        >
          Send a test
        </Button>
        <Button
          variant="outline"
          color="red"
          size="xs"
          aria-label={`Remove ${url}`}
          onClick={() => setRemoving(true)}
        >
          Remove …
        </Button>
      </div>
      <RemoveWebhook webhook={webhook} opened={removing} onClose={() => setRemoving(false)} />
    </article>
  )
}

function State({ webhook }: { readonly webhook: WebhookView }): ReactNode {
  const { last_delivered_at: delivered, last_failed_at: failed, disabled_at: disabled, waiting } = webhook
  const reason = webhook.last_failure === undefined ? '' : failureWords(webhook.last_failure)
  const hasFailed = failed !== undefined && (delivered === undefined || failed > delivered)
  return (
    <>
      {disabled !== undefined && (
        <Alert color="red" title="Switched off" my="xs">
          It took nothing for too long: {reason}. A test that arrives switches it on again.
        </Alert>
      )}
      <Text size="sm">
        {delivered === undefined ? (
          'Nothing was delivered yet.'
        ) : (
          <>
            Last delivered <Moment at={delivered} />.
          </>
        )}
        {hasFailed && (
          <>
            {' '}
            Last failed <Moment at={failed} />: {reason}.
          </>
        )}
        {waiting > 0 && ` ${waiting} waiting.`}
      </Text>
    </>
  )
}

interface RemoveWebhookProps {
  readonly webhook: WebhookView
  readonly opened: boolean
  readonly onClose: () => void
}

function RemoveWebhook({ webhook, opened, onClose }: RemoveWebhookProps): ReactNode {
  const remove = useAction({
    run: () => removeWebhook(webhook.id),
    changes: ['webhooks'],
    said: 'Webhook removed',
    done: onClose,
  })
  return (
    <ConfirmDialog
      opened={opened}
      title="Remove this webhook?"
      action="Remove"
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <Text>It is told nothing more, and what waits for it is dropped.</Text>
    </ConfirmDialog>
  )
}
