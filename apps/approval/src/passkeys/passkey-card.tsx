import { Badge, Button, Text, Title } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import type { PasskeyView } from '../api/views.ts'
import { Moment } from '../parts/moment.tsx'
import { safeText } from '../words/safe-text.ts'
import { RemoveDialog } from './remove-dialog.tsx'
import { RenameForm } from './rename-form.tsx'

interface PasskeyCardProps {
  readonly passkey: PasskeyView
  /** The last one cannot be removed. */
  readonly only: boolean
}

/** One passkey: what is known of it, and how it is renamed or removed. */
export function PasskeyCard({ passkey, only }: PasskeyCardProps): ReactNode {
  const [mode, setMode] = useState<'rename' | 'remove'>()
  const name = safeText(passkey.name, 100)
  return (
    <article className="card">
      <Head passkey={passkey} name={name} />
      {mode === 'rename' && <RenameForm passkey={passkey} onDone={() => setMode(undefined)} />}
      {mode !== 'rename' && (
        <div className="buttons card-foot">
          <Button variant="default" size="xs" aria-label={`Rename ${name}`} onClick={() => setMode('rename')}>
            Rename
          </Button>
          {!only && (
            <Button
              variant="outline"
              color="red"
              size="xs"
              aria-label={`Remove ${name}`}
              onClick={() => setMode('remove')}
            >
              Remove …
            </Button>
          )}
        </div>
      )}
      {only && (
        <Text size="sm" mt="xs">
          Your only passkey: add another one, so that losing a device does not lock you out.
        </Text>
      )}
      <RemoveDialog opened={mode === 'remove'} passkey={passkey} onClose={() => setMode(undefined)} />
    </article>
  )
}

function Head({ passkey, name }: { readonly passkey: PasskeyView; readonly name: string }): ReactNode {
  const { created_at: created, last_used_at: used } = passkey
  return (
    <>
      <div className="row">
        <Title order={2} className="section-title break">
          {name}
        </Title>
        <div className="buttons">
          {passkey.synced && (
            <Badge variant="light" color="gray" tt="none">
              On several devices
            </Badge>
          )}
          {passkey.software && (
            <Badge variant="light" color="yellow" tt="none">
              Software, for tests
            </Badge>
          )}
        </div>
      </div>
      <Text size="sm" c="dimmed">
        Added <Moment at={created} />
        {used !== undefined && (
          <>
            , last used <Moment at={used} />
          </>
        )}
      </Text>
    </>
  )
}
