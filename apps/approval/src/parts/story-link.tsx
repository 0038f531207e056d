import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'

interface StoryLinkProps {
  /** A request, a delegation, an agent or a run. */
  readonly id: string
  readonly children?: ReactNode
}

/** Leads to everything that the log has about something. */
export function StoryLink({ id, children = 'The whole story, with its proof' }: StoryLinkProps): ReactNode {
  return (
    <Text size="sm">
      <Link href={`/trace/${encodeURIComponent(id)}`} className="line-link">
        {children}
      </Link>
    </Text>
  )
}
