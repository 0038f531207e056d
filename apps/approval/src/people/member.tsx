import { Badge, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import type { MemberView } from '../api/views.ts'
import { safeText } from '../words/safe-text.ts'
import { ChangeMember } from './change-member.tsx'

interface MemberProps {
  readonly member: MemberView
  readonly canChange: boolean
}

/** One person with their roles, and for operators the way to change them. */
export function Member({ member, canChange }: MemberProps): ReactNode {
  return (
    <article className="card">
      <Stack gap="sm">
        <div className="row">
          <Title order={2} className="section-title break">
            {safeText(member.name, 100)}
          </Title>
          <div className="buttons">
            {member.disabled_at !== undefined && (
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
        {canChange && <ChangeMember member={member} />}
      </Stack>
    </article>
  )
}
