import { Button, Stack, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { CreationOptions } from '../api/ceremony-types.ts'
import { createPasskey } from '../api/passkey-ceremony.ts'
import { type Begun, finishRegistration } from '../api/session-api.ts'
import type { SessionView, WelcomeView } from '../api/views.ts'
import { takeSession } from '../live/queries.ts'
import { queryClient } from '../live/query-client.ts'
import { ProblemAlert } from './problem-alert.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'

/** One text that a registration asks for. */
export interface RegisterField {
  readonly name: string
  readonly label: string
  readonly description?: string
  readonly autoComplete?: string
  readonly pattern?: string
  readonly initial?: string
}

interface RegisterFormProps {
  readonly kind: 'claim' | 'join' | 'recover'
  readonly fields: readonly RegisterField[]
  readonly action: string
  /** Asks the authority to begin, with the texts by their names. */
  readonly begin: (values: Readonly<Record<string, string>>) => Promise<Begun<CreationOptions>>
}

const PASSKEY_FIELD: RegisterField = {
  name: 'passkey_name',
  label: 'Name of this passkey',
  description: 'So that you know it among others: the device it lives on.',
  initial: 'My first passkey',
}

/** Makes a person's passkey, shows their recovery codes once, and goes on signed in. */
export function RegisterForm({ kind, fields, action, begin }: RegisterFormProps): ReactNode {
  const all = [...fields, PASSKEY_FIELD]
  const [values, setValues] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(all.map(({ name, initial = '' }) => [name, initial])),
  )
  const register = useMutation({
    mutationFn: async () => {
      const texts = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.trim()]))
      const { passkey_name: passkeyName = '', ...rest } = texts
      const { ceremony, options } = await begin(rest)
      const response = await createPasskey(options)
      return finishRegistration(kind, { ceremony, passkey_name: passkeyName, response })
    },
    onSuccess: (answer) => {
      if (!('recovery_codes' in answer)) enter(answer)
    },
  })
  if (register.data && 'recovery_codes' in register.data) return <Welcome welcome={register.data} />
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        register.mutate()
      }}
    >
      <Stack gap="md">
        {all.map(({ name, label, description, autoComplete, pattern }) => (
          <TextInput
            key={name}
            label={label}
            description={description}
            autoComplete={autoComplete}
            pattern={pattern}
            required
            maxLength={200}
            value={values[name] ?? ''}
            onChange={({ currentTarget: { value } }) => setValues((before) => ({ ...before, [name]: value }))}
          />
        ))}
        <ProblemAlert error={register.error} />
        <Button type="submit" size="md" loading={register.isPending}>
          {action}
        </Button>
      </Stack>
    </form>
  )
}

function Welcome({ welcome }: { readonly welcome: WelcomeView }): ReactNode {
  return (
    <Stack gap="md" role="status">
      <RecoveryCodes codes={welcome.recovery_codes} />
      <Button size="md" onClick={() => enter(welcome)}>
        I have kept them: go on
      </Button>
    </Stack>
  )
}

/** The page is the new session's from here on; the address no longer carries a code. */
function enter(session: SessionView): void {
  takeSession(session)
  history.replaceState(null, '', '/')
  queryClient.setQueryData(['session'], session)
}
