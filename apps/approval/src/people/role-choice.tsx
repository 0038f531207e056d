import { Checkbox, Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Role } from '../api/views.ts'

/** What each role may do, in the words of the page. */
export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  approver: 'decides what agents may do for them, and gives second approvals',
  operator: 'manages people and may stop anything',
  auditor: 'reads everything, changes nothing',
}

const ROLES: readonly Role[] = ['approver', 'operator', 'auditor']

interface RoleChoiceProps {
  readonly label: string
  readonly roles: readonly Role[]
  readonly choose: (roles: readonly Role[]) => void
}

/** One or more roles. */
export function RoleChoice({ label, roles, choose }: RoleChoiceProps): ReactNode {
  return (
    <fieldset className="plain-fieldset">
      <legend>{label}</legend>
      <Stack gap="xs">
        {ROLES.map((role) => (
          <Checkbox
            key={role}
            label={role}
            description={ROLE_WORDS[role]}
            checked={roles.includes(role)}
            onChange={(event) =>
              choose(
                ROLES.filter((other) =>
                  other === role ? event.currentTarget.checked : roles.includes(other),
                ),
              )
            }
          />
        ))}
      </Stack>
    </fieldset>
  )
}
