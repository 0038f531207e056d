import { BehalfError } from '@behalf/core'
import { Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { serverNow } from '../api/server-clock.ts'
import { useSession } from '../live/queries.ts'
import { PageTitle } from '../parts/page-title.tsx'
import { type Inspection, inspectPasted } from './inspect-pasted.ts'
import { InspectionView } from './inspection-view.tsx'
import { PasteForm } from './paste-form.tsx'
import { parsePasted } from './pasted.ts'
import { UnreadableAlert } from './unreadable-alert.tsx'

/** Anyone may look into a delegation here; what they paste stays in their browser. */
export function VerifyPage(): ReactNode {
  const { data: session } = useSession()
  const trusted = session?.authority.issuer
  const inspect = useMutation({ mutationFn: (pasted: string) => inspectText(pasted, trusted) })
  const { data, error } = inspect
  return (
    <Stack gap="md">
      <PageTitle tab="Check a delegation">Check a delegation</PageTitle>
      <PasteForm
        pending={inspect.isPending}
        onCheck={(text) => inspect.mutate(text)}
        onChange={() => inspect.reset()}
      />
      <div role="status">
        {error !== null && <UnreadableAlert error={error} />}
        {data && <InspectionView inspection={data} now={serverNow()} />}
      </div>
      {data === undefined && error === null && (
        <Text size="sm" c="dimmed">
          You see what it says in plain words, whether its signatures are right, whether it is narrower at
          every step, and whether a person’s passkey approved exactly these words.
        </Text>
      )}
    </Stack>
  )
}

async function inspectText(text: string, trusted: string | undefined): Promise<Inspection> {
  const pasted = parsePasted(text)
  if (pasted === undefined) throw new UnknownInput()
  return inspectPasted(pasted, { now: serverNow(), ...(trusted !== undefined && { trusted }) })
}

class UnknownInput extends BehalfError<'input_invalid'> {
  constructor() {
    super('input_invalid', 'This is neither a delegation, a bundle nor evidence')
  }
}
