import { Button, Stack, Text } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { ConfirmationNotice, type Done } from '../active/confirmation-notice.tsx'
import { RestDialog } from '../active/rest-dialog.tsx'
import { StopDialog, type StopTarget } from '../active/stop-dialog.tsx'
import { TreeCard } from '../active/tree-card.tsx'
import type { DelegationView, ReceiptView } from '../api/views.ts'
import { useDelegations } from '../live/queries.ts'
import { useNow } from '../live/use-now.ts'
import { countDown } from '../model/countdown.ts'
import { layoutTrees } from '../model/tree-layout.ts'
import { NothingHere } from '../parts/nothing-here.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { usePerson } from '../person-context.ts'

/** What agents may do right now, and how to stop it. */
export function ActivePage(): ReactNode {
  const { data, error, refetch } = useDelegations('active')
  const [target, setTarget] = useState<StopTarget>()
  const [resting, setResting] = useState<DelegationView>()
  const [done, setDone] = useState<Done>()
  const person = usePerson()
  const now = useNow()
  const active = data?.filter(({ valid_until: end }) => !countDown(end, now).ended)
  const mine = active?.filter(({ on_behalf_of: { id } }) => id === person.id) ?? []
  return (
    <Stack gap="md">
      <div className="row">
        <PageTitle tab="Active">Active now</PageTitle>
        {mine.length > 0 && (
          <Button color="red" variant="outline" onClick={() => setTarget({ kind: 'mine' })}>
            Stop everything of mine …
          </Button>
        )}
      </div>
      {done !== undefined && (
        <ConfirmationNotice key={done.sequence} done={done} onClose={() => setDone(undefined)} />
      )}
      {data === undefined && error === null && <Waiting what="delegations" />}
      {data === undefined && <ProblemAlert error={error} retry={() => void refetch()} />}
      {active?.length === 0 && (
        <NothingHere title="No agent may do anything for you right now.">
          What you approve appears here until it ends or you stop it.
        </NothingHere>
      )}
      {layoutTrees(active ?? []).map((tree) => (
        <TreeCard key={tree.root.id} tree={tree} stop={setTarget} rest={setResting} />
      ))}
      {active && active.length > 0 && (
        <Text size="sm" c="dimmed">
          Stopping works at every API within seconds, for the agent and for every agent below it.
        </Text>
      )}
      <StopDialog
        target={target}
        onClose={() => setTarget(undefined)}
        onDone={(stopped, receipt) => {
          const over = stopped.kind === 'mine' ? mine : [stopped.delegation]
          setDone(describeDone('stopped', over, receipt))
        }}
      />
      <RestDialog
        target={resting}
        onClose={() => setResting(undefined)}
        onDone={(delegation, receipt) => {
          const deed = delegation.suspended_at === undefined ? 'suspended' : 'resumed'
          setDone(describeDone(deed, [delegation], receipt))
        }}
      />
    </Stack>
  )
}

function describeDone(
  deed: Done['deed'],
  delegations: readonly DelegationView[],
  { sequence }: ReceiptView,
): Done {
  const origins = delegations.flatMap(({ apis }) => apis.map(({ origin }) => origin))
  return { deed, sequence, receivedAt: performance.now(), origins: [...new Set(origins)] }
}
