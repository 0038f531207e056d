import { Alert, Button, Stack, TextInput, Title } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { invite } from '../api/people-api.ts'
import type { InvitationView, Role } from '../api/views.ts'
import { tellEveryTab } from '../live/tabs.ts'
import { Moment } from '../parts/moment.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { RoleChoice } from './role-choice.tsx'

const EMPTY = { id: '', name: '', tenant: '' }

/** Makes a link with which one more person joins. */
export function InviteForm(): ReactNode {
  const [texts, setTexts] = useState(EMPTY)
  const [roles, setRoles] = useState<readonly Role[]>(['approver'])
  const create = useMutation({
    mutationFn: () =>
      invite({
        id: texts.id.trim(),
        roles,
        ...(texts.name.trim() !== '' && { name: texts.name.trim() }),
        ...(texts.tenant.trim() !== '' && { tenant: texts.tenant.trim() }),
      }),
    onSuccess: () => {
      setTexts(EMPTY)
      tellEveryTab('people')
    },
  })
  const field = (name: keyof typeof EMPTY) => ({
    value: texts[name],
    maxLength: 200,
    onChange: ({ currentTarget: { value } }: { readonly currentTarget: { readonly value: string } }) =>
      setTexts((before) => ({ ...before, [name]: value })),
  })
  return (
    <form
      className="card"
      onSubmit={(event) => {
        event.preventDefault()
        create.mutate()
      }}
    >
      <Stack gap="sm">
        <Title order={2} className="section-title">
          Invite somebody
        </Title>
        <TextInput
          label="Their id"
          description="Agents name it when they ask to act for them. It never changes."
          required
          pattern="[!-~]{1,200}"
          {...field('id')}
        />
        <TextInput label="Their name (optional)" {...field('name')} />
        <TextInput
          label="Tenant (optional)"
          description="Second approvals stay inside one tenant."
          {...field('tenant')}
        />
        <RoleChoice label="Roles" roles={roles} choose={setRoles} />
        <ProblemAlert error={create.error} />
        <div className="buttons">
          <Button type="submit" loading={create.isPending} disabled={roles.length === 0}>
            Make an invitation
          </Button>
        </div>
        {create.data && <Link invitation={create.data} />}
      </Stack>
    </form>
  )
}

function Link({ invitation }: { readonly invitation: InvitationView }): ReactNode {
  const { copy, copied } = useClipboard()
  const { url, expires_at: end } = invitation
  if (url === undefined) return null
  return (
    <Alert color="green" title={`Give this link to ${invitation.id}`} role="status">
      <p className="mono invitation-link">{url}</p>
      <p>
        It works once, until <Moment at={end} />. It is not shown again.
      </p>
      <Button size="xs" variant="default" onClick={() => copy(url)}>
        {copied ? 'Copied' : 'Copy the link'}
      </Button>
    </Alert>
  )
}
