import { Button, Stack, Text } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import type { ReactNode } from 'react'

/** Codes that are shown this once. */
export function RecoveryCodes({ codes }: { readonly codes: readonly string[] }): ReactNode {
  const { copy, copied } = useClipboard()
  return (
    <Stack gap="sm">
      <Text fw={600}>Keep these codes now: they are not shown again.</Text>
      <ol className="codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <div className="buttons">
        <Button variant="default" onClick={() => copy(codes.join('\n'))}>
          {copied ? 'Copied' : 'Copy them'}
        </Button>
        <Button variant="default" onClick={() => print()}>
          Print
        </Button>
      </div>
    </Stack>
  )
}
