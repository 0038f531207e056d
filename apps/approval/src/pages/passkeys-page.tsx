import { Badge, Button, Stack, Text, TextInput, Title } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { createPasskey, stepUp } from '../api/passkey-ceremony.ts'
import {
  beginPasskey,
  createRecoveryCodes,
  fetchPasskeys,
  finishPasskey,
  removePasskey,
  renamePasskey,
} from '../api/passkeys-api.ts'
import { logoutEverywhere } from '../api/session-api.ts'
import type { PasskeyView } from '../api/views.ts'
import { announce } from '../live/announce.ts'
import { usePollingInterval } from '../live/queries.ts'
import { tellEveryTab } from '../live/tabs.ts'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'
import { Moment } from '../parts/moment.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { RecoveryCodes } from '../parts/recovery-codes.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { safeText } from '../words/safe-text.ts'

/** How this person signs in and approves: their passkeys, their recovery codes, their sessions. */
export function PasskeysPage(): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['passkeys'],
    queryFn: fetchPasskeys,
    refetchInterval: usePollingInterval(),
  })
  return (
    <Stack gap="md">
      <PageTitle tab="Passkeys">Passkeys and sign-in</PageTitle>
      {data === undefined && error === null && <Waiting what="passkeys" />}
      {data === undefined && <ProblemAlert error={error} retry={() => void refetch()} />}
      {data?.map((passkey) => (
        <Passkey key={passkey.id} passkey={passkey} only={data.length === 1} />
      ))}
      <AddPasskey />
      <Recovery />
      <Everywhere />
    </Stack>
  )
}

function Passkey({ passkey, only }: { readonly passkey: PasskeyView; readonly only: boolean }): ReactNode {
  const [mode, setMode] = useState<'rename' | 'remove'>()
  const remove = useMutation({
    mutationFn: async () => removePasskey(passkey.id, await stepUp()),
    onSuccess: () => {
      announce('Passkey removed')
      setMode(undefined)
      tellEveryTab('passkeys')
    },
  })
  const name = safeText(passkey.name, 100)
  return (
    <article className="card">
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
        Added <Moment at={passkey.created_at} />
        {passkey.last_used_at !== undefined && (
          <>
            , last used <Moment at={passkey.last_used_at} />
          </>
        )}
      </Text>
      {mode === 'rename' ? (
        <Rename passkey={passkey} onDone={() => setMode(undefined)} />
      ) : (
        <div className="buttons card-foot">
          <Button variant="default" size="xs" onClick={() => setMode('rename')} aria-label={`Rename ${name}`}>
            Rename
          </Button>
          {!only && (
            <Button
              variant="outline"
              color="red"
              size="xs"
              onClick={() => setMode('remove')}
              aria-label={`Remove ${name}`}
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
      <ConfirmDialog
        opened={mode === 'remove'}
        title="Remove this passkey?"
        action="Remove, confirm with a passkey"
        pending={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate()}
        onClose={() => setMode(undefined)}
      >
        <Text>
          “{name}” will no longer sign you in or approve anything. What it approved stays valid and provable.
        </Text>
      </ConfirmDialog>
    </article>
  )
}

function Rename({
  passkey,
  onDone,
}: {
  readonly passkey: PasskeyView
  readonly onDone: () => void
}): ReactNode {
  const [name, setName] = useState(passkey.name)
  const field = useRef<HTMLInputElement>(null)
  // The button that opened this form is gone.
  useEffect(() => field.current?.focus(), [])
  const rename = useMutation({
    mutationFn: () => renamePasskey(passkey.id, name.trim()),
    onSuccess: () => {
      tellEveryTab('passkeys')
      onDone()
    },
  })
  return (
    <form
      className="card-foot"
      onSubmit={(event) => {
        event.preventDefault()
        rename.mutate()
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Name"
          required
          maxLength={64}
          ref={field}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <ProblemAlert error={rename.error} />
        <div className="buttons">
          <Button type="submit" size="xs" loading={rename.isPending}>
            Save
          </Button>
          <Button size="xs" variant="default" onClick={onDone}>
            Cancel
          </Button>
        </div>
      </Stack>
    </form>
  )
}

function AddPasskey(): ReactNode {
  const [name, setName] = useState('')
  const add = useMutation({
    mutationFn: async () => {
      const { ceremony, options } = await beginPasskey(await stepUp())
      const response = await createPasskey(options)
      await finishPasskey({ ceremony, passkey_name: name.trim(), response })
    },
    onSuccess: () => {
      announce('Passkey added')
      setName('')
      tellEveryTab('passkeys')
    },
  })
  return (
    <form
      className="card"
      onSubmit={(event) => {
        event.preventDefault()
        add.mutate()
      }}
    >
      <Stack gap="sm">
        <Title order={2} className="section-title">
          Add a passkey
        </Title>
        <Text size="sm">First confirm with one that you have, then make the new one.</Text>
        <TextInput
          label="Its name"
          placeholder="Phone, security key …"
          required
          maxLength={64}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <ProblemAlert error={add.error} />
        <div className="buttons">
          <Button type="submit" loading={add.isPending}>
            Add a passkey
          </Button>
        </div>
      </Stack>
    </form>
  )
}

function Recovery(): ReactNode {
  const create = useMutation({ mutationFn: async () => createRecoveryCodes(await stepUp()) })
  return (
    <section className="card" aria-labelledby="recovery">
      <Stack gap="sm">
        <Title order={2} className="section-title" id="recovery">
          Recovery codes
        </Title>
        <Text size="sm">
          Each lets you make a new passkey once, when you have lost all others. New codes replace the old
          ones.
        </Text>
        <ProblemAlert error={create.error} />
        {create.data && <RecoveryCodes codes={create.data} />}
        <div className="buttons">
          <Button variant="default" loading={create.isPending} onClick={() => create.mutate()}>
            Make ten new codes
          </Button>
        </div>
      </Stack>
    </section>
  )
}

function Everywhere(): ReactNode {
  const leave = useMutation({
    mutationFn: logoutEverywhere,
    onSuccess: () => {
      tellEveryTab('session')
      location.assign('/')
    },
  })
  return (
    <section className="card" aria-labelledby="everywhere">
      <Stack gap="sm">
        <Title order={2} className="section-title" id="everywhere">
          Sign out everywhere
        </Title>
        <Text size="sm">Ends every session of yours, on every device, this one too. Agents go on.</Text>
        <ProblemAlert error={leave.error} />
        <div className="buttons">
          <Button variant="outline" color="red" loading={leave.isPending} onClick={() => leave.mutate()}>
            Sign out everywhere
          </Button>
        </div>
      </Stack>
    </section>
  )
}
