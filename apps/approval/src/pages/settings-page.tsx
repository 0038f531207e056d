import { Button, Input, Stack, Text, Title, useMantineColorScheme } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { fetchEnrolments, withdrawEnrolment } from '../api/enrolments-api.ts'
import type { EnrolmentView } from '../api/views.ts'
import { usePollingInterval } from '../live/queries.ts'
import { useAction } from '../live/use-action.ts'
import { NoticesSection } from '../notices/notices-section.tsx'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'
import { ExactRule } from '../parts/exact-rule.tsx'
import { Moment } from '../parts/moment.tsx'
import { NothingHere } from '../parts/nothing-here.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { capabilitySentence } from '../words/capability-sentence.ts'
import { durationWords } from '../words/duration.ts'
import { safeText } from '../words/safe-text.ts'

/** What a person set once: agents that need not ask, and how the page looks. */
export function SettingsPage(): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['enrolments'],
    queryFn: fetchEnrolments,
    refetchInterval: usePollingInterval(),
  })
  return (
    <Stack gap="md">
      <PageTitle tab="Settings">Settings</PageTitle>
      <Title order={2} className="section-title">
        Agents that need not ask
      </Title>
      {data === undefined && error === null && <Waiting what="enrolments" />}
      {data === undefined && <ProblemAlert error={error} retry={() => void refetch()} />}
      {data?.length === 0 && (
        <NothingHere title="Every agent asks you.">
          While approving you can allow an agent the same terms by itself, until an end that you choose.
        </NothingHere>
      )}
      {data?.map((enrolment) => (
        <Enrolment key={enrolment.id} enrolment={enrolment} />
      ))}
      <NoticesSection />
      <Title order={2} className="section-title" mt="md">
        Appearance
      </Title>
      <Appearance />
    </Stack>
  )
}

function Enrolment({ enrolment }: { readonly enrolment: EnrolmentView }): ReactNode {
  const [asking, setAsking] = useState(false)
  const withdraw = useAction({
    run: () => withdrawEnrolment(enrolment.id),
    changes: ['enrolments'],
    said: 'Taken back',
  })
  return (
    <article className="card">
      <Title order={3} className="section-title break">
        Key <span className="mono">{safeText(enrolment.agent, 200)}</span>
      </Title>
      <ul className="sentences">
        {enrolment.capabilities.map((capability) => (
          <li key={JSON.stringify(capability)}>{capabilitySentence(capability)}</li>
        ))}
      </ul>
      <Text size="sm" c="dimmed">
        {durationWords(enrolment.max_seconds)} at a time, until{' '}
        {enrolment.valid_until === undefined ? 'you take it back' : <Moment at={enrolment.valid_until} />}
      </Text>
      <ExactRule rule={enrolment.capabilities} label="Exact rules" />
      <div className="buttons card-foot">
        <Button variant="outline" color="red" onClick={() => setAsking(true)}>
          Take back …
        </Button>
      </div>
      <ConfirmDialog
        opened={asking}
        title="Let this agent ask again?"
        action="Take back"
        pending={withdraw.isPending}
        error={withdraw.error}
        onConfirm={() => withdraw.mutate()}
        onClose={() => setAsking(false)}
      >
        <Text>
          From now on you are asked. What it holds already goes on until it ends: stop that under Active.
        </Text>
      </ConfirmDialog>
    </article>
  )
}

function Appearance(): ReactNode {
  // Holding transitions back would put a style element into the page.
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  return (
    <Input.Wrapper label="Colours" id="colours" className="card">
      <Input
        component="select"
        id="colours"
        pointer
        value={colorScheme}
        onChange={({ currentTarget: { value } }) =>
          setColorScheme(value === 'light' || value === 'dark' ? value : 'auto')
        }
      >
        <option value="auto">As the system</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </Input>
    </Input.Wrapper>
  )
}
