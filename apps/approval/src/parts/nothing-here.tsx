import { Text } from '@mantine/core'
import type { ReactNode } from 'react'

interface NothingHereProps {
  readonly title: string
  readonly children?: ReactNode
}

/** An empty list, and what would fill it. */
export function NothingHere({ title, children }: NothingHereProps): ReactNode {
  return (
    <div className="card">
      <Text fw={600}>{title}</Text>
      {children !== undefined && (
        <Text c="dimmed" mt={4}>
          {children}
        </Text>
      )}
    </div>
  )
}
