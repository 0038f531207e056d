import { BehalfError } from '@behalf/core'
import { Alert, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { safeText } from '../words/safe-text.ts'

/** Why a pasted text could not even be read. */
export function UnreadableAlert({ error }: { readonly error: Error }): ReactNode {
  const code = error instanceof BehalfError ? error.code : undefined
  return (
    <Alert color="red" title="This cannot be read" role="alert">
      <Text size="sm">
        {code === undefined ? 'Something went wrong on this page. Reload it.' : safeText(error.message, 300)}
      </Text>
      {code !== undefined && (
        <Text size="sm" mt={4}>
          Code: <span className="mono">{code}</span>
        </Text>
      )}
    </Alert>
  )
}
