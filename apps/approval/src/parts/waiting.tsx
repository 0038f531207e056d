import { Skeleton, Stack, VisuallyHidden } from '@mantine/core'
import type { ReactNode } from 'react'

/** The place of a list that is on its way. */
export function Waiting({ what }: { readonly what: string }): ReactNode {
  return (
    <Stack gap="md" role="status">
      <VisuallyHidden>{`Loading ${what} …`}</VisuallyHidden>
      <Skeleton height={28} width="60%" />
      <Skeleton height={110} />
      <Skeleton height={110} />
    </Stack>
  )
}
