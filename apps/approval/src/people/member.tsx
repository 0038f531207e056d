import { Badge, Button, Stack, Text, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { stepUp } from '../api/passkey-ceremony.ts'
import { changePerson } from '../api/people-api.ts'
import type { MemberView, Role } from '../api/views.ts'
import { announce } from '../live/announce.ts'
import { tellEveryTab } from '../live/tabs.ts'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { safeText } from '../words/safe-text.ts'
import { RoleChoice } from './role-choice.tsx'

interface MemberProps {
  readonly member: MemberView
  readonly canChange: boolean
}

/** One person with their roles, and for operators the way to change them. */
export function Member({ member, canChange }: MemberProps): ReactNode {
  const [roles, setRoles] = useState<readonly Role[]>()
  const change = useMutation({
    mutationFn: async (body: { roles?: readonly Role[]; disabled?: boolean }) =>
      changePerson(member.id, { ...body, step_up: await stepUp() }),
    onSuccess: () => {
      announce('Changed')
      setRoles(undefined)
      tellEveryTab('people')
      tellEveryTab('session')
    },
  })
  const disabled = member.disabled_at !== undefined
  const name = safeText(member.name, 100)
  return (
    <article className="card">
      <Stack gap="sm">
        <div className="row">
          <Title order={2} className="section-title break">
            {name}
          </Title>
          <div className="buttons">
            {disabled && (
              <Badge color="red" variant="light" tt="none">
                Disabled
              </Badge>
            )}
            {member.roles.map((role) => (
              <Badge key={role} color="gray" variant="light" tt="none">
                {role}
              </Badge>
            ))}
          </div>
        </div>
        <Text size="sm" c="dimmed" className="break">
          {safeText(member.id, 200)}
          {member.tenant !== undefined && ` in ${safeText(member.tenant, 200)}`}
        </Text>
        {roles && <RoleChoice label={`Roles of ${name}`} roles={roles} choose={setRoles} />}
        <ProblemAlert error={change.error} />
        {canChange && (
          <div className="buttons">
            {roles ? (
              <>
                <Button
                  size="xs"
                  disabled={roles.length === 0}
                  loading={change.isPending}
                  onClick={() => change.mutate({ roles })}
                >
                  Save, confirm with a passkey
                </Button>
                <Button size="xs" variant="default" onClick={() => setRoles(undefined)}>
                  Cancel
                </Button>
              </>
            ) : (
              <>
                <Button
                  size="xs"
                  variant="default"
                  aria-label={`Change roles of ${name}`}
                  onClick={() => setRoles(member.roles)}
                >
                  Change roles
                </Button>
                <Button
                  size="xs"
                  variant="outline"
                  color={disabled ? 'indigo' : 'red'}
                  aria-label={`${disabled ? 'Enable' : 'Disable'} ${name}`}
                  loading={change.isPending}
                  onClick={() => change.mutate({ disabled: !disabled })}
                >
                  {disabled ? 'Enable' : 'Disable'}
                </Button>
              </>
            )}
          </div>
        )}
      </Stack>
    </article>
  )
}
