import { Button } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { stepUp } from '../api/passkey-ceremony.ts'
import { changePerson } from '../api/people-api.ts'
import type { MemberView, Role } from '../api/views.ts'
import { useAction } from '../live/use-action.ts'
import { ActionForm } from '../parts/action-form.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { safeText } from '../words/safe-text.ts'
import { RoleChoice } from './role-choice.tsx'

/** Other roles for a person, or none of it for now; each takes the operator's passkey. */
export function ChangeMember({ member }: { readonly member: MemberView }): ReactNode {
  const [choosing, setChoosing] = useState(false)
  const disabled = member.disabled_at !== undefined
  const name = safeText(member.name, 100)
  const toggle = useAction({
    run: async () => changePerson(member.id, { disabled: !disabled, step_up: await stepUp() }),
    changes: ['people', 'session'],
    said: disabled ? 'Enabled' : 'Disabled',
  })
  if (choosing) return <RolesForm member={member} name={name} onDone={() => setChoosing(false)} />
  return (
    <>
      <ProblemAlert error={toggle.error} />
      <div className="buttons">
        <Button
          size="xs"
          variant="default"
          aria-label={`Change roles of ${name}`}
          onClick={() => setChoosing(true)}
        >
          Change roles
        </Button>
        <Button
          size="xs"
          variant="outline"
          color={disabled ? 'indigo' : 'red'}
          aria-label={`${disabled ? 'Enable' : 'Disable'} ${name}`}
          loading={toggle.isPending}
          onClick={() => toggle.mutate()}
        >
          {disabled ? 'Enable' : 'Disable'}
        </Button>
      </div>
    </>
  )
}

interface RolesFormProps {
  readonly member: MemberView
  readonly name: string
  readonly onDone: () => void
}

function RolesForm({ member, name, onDone }: RolesFormProps): ReactNode {
  const [roles, setRoles] = useState<readonly Role[]>(member.roles)
  const change = useAction({
    run: async () => changePerson(member.id, { roles, step_up: await stepUp() }),
    changes: ['people', 'session'],
    said: 'Roles changed',
    done: onDone,
  })
  const cancel = (
    <Button variant="default" onClick={onDone}>
      Cancel
    </Button>
  )
  return (
    <ActionForm
      action={change}
      label="Save, confirm with a passkey"
      disabled={roles.length === 0}
      beside={cancel}
    >
      <RoleChoice label={`Roles of ${name}`} roles={roles} choose={setRoles} />
    </ActionForm>
  )
}
