import { Alert, Button, TextInput, Title } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { type ReactNode, useState } from 'react'
import { type InvitationBody, invite } from '../api/people-api.ts'
import type { InvitationView, Role } from '../api/views.ts'
import { useAction } from '../live/use-action.ts'
import { ActionForm } from '../parts/action-form.tsx'
import { Moment } from '../parts/moment.tsx'
import { RoleChoice } from './role-choice.tsx'

const EMPTY = { id: '', name: '', tenant: '' }

/** Makes a link with which one more person joins. */
export function InviteForm(): ReactNode {
  const [texts, setTexts] = useState(EMPTY)
  const [roles, setRoles] = useState<readonly Role[]>(['approver'])
  const create = useAction({
    run: () => invite(toInvitation(texts, roles)),
    changes: ['people'],
    done: () => setTexts(EMPTY),
  })
  const field = (name: keyof typeof EMPTY) => ({
    value: texts[name],
    maxLength: 200,
    onChange: ({ currentTarget: { value } }: { readonly currentTarget: { readonly value: string } }) =>
      setTexts((before) => ({ ...before, [name]: value })),
  })
  return (
    <ActionForm
      action={create}
      label="Make an invitation"
      disabled={roles.length === 0}
      className="card"
      below={create.data && <Link invitation={create.data} />}
    >
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
    </ActionForm>
  )
}

function toInvitation({ id, name, tenant }: typeof EMPTY, roles: readonly Role[]): InvitationBody {
  return {
    id: id.trim(),
    roles,
    ...(name.trim() !== '' && { name: name.trim() }),
    ...(tenant.trim() !== '' && { tenant: tenant.trim() }),
  }
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
