import { BehalfError } from '@behalf/core'
import { Button, FileButton, Stack, Text, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { serverNow } from '../api/server-clock.ts'
import { useSession } from '../live/queries.ts'
import { PageTitle } from '../parts/page-title.tsx'
import { type Inspection, inspectPasted } from './inspect-pasted.ts'
import { InspectionView } from './inspection-view.tsx'
import { parsePasted } from './pasted.ts'
import { UnreadableAlert } from './unreadable-alert.tsx'

/** Anyone may look into a delegation here; what they paste stays in their browser. */
export function VerifyPage(): ReactNode {
  const [text, setText] = useState('')
  const { data: session } = useSession()
  const trusted = session?.authority.issuer
  const inspect = useMutation({ mutationFn: (pasted: string) => inspectText(pasted, trusted) })
  const set = (pasted: string): void => {
    setText(pasted)
    inspect.reset()
  }
  return (
    <Stack gap="md">
      <PageTitle tab="Check a delegation">Check a delegation</PageTitle>
      <form
        className="card"
        onSubmit={(event) => {
          event.preventDefault()
          inspect.mutate(text)
        }}
      >
        <Stack gap="sm">
          <Textarea
            label="Delegation, bundle or evidence"
            description="A compact JWS (three parts with dots), or the JSON that an agent was handed. It is checked in this browser and sent nowhere."
            required
            autosize={false}
            rows={7}
            spellCheck={false}
            autoComplete="off"
            classNames={{ input: 'mono' }}
            value={text}
            onChange={(event) => set(event.currentTarget.value)}
          />
          <div className="buttons">
            <Button type="submit" loading={inspect.isPending}>
              Check it
            </Button>
            <FileButton
              onChange={(file) => void file?.text().then(set)}
              accept="application/json,.json,.jwt,.txt"
            >
              {({ onClick }) => (
                <Button variant="default" onClick={onClick}>
                  Open a file
                </Button>
              )}
            </FileButton>
          </div>
        </Stack>
      </form>
      <div role="status">
        {inspect.error !== null && <UnreadableAlert error={inspect.error} />}
        {inspect.data && <InspectionView inspection={inspect.data} now={serverNow()} />}
      </div>
      {inspect.data === undefined && inspect.error === null && (
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
