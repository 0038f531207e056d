import { Button, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import type { DelegationView } from '../api/views.ts'
import { useNow } from '../live/use-now.ts'
import type { Tree, TreeRow } from '../model/tree-layout.ts'
import { AgentName } from '../parts/agent-name.tsx'
import { AgentWorkload } from '../parts/agent-workload.tsx'
import { ExactRule } from '../parts/exact-rule.tsx'
import { HostileText } from '../parts/hostile-text.tsx'
import { StoryLink } from '../parts/story-link.tsx'
import { Timer } from '../parts/timer.tsx'
import { usePerson } from '../person-context.ts'
import { capabilitySentence } from '../words/capability-sentence.ts'
import { restWords } from '../words/rest-words.ts'
import { safeText } from '../words/safe-text.ts'
import { usageWords } from '../words/usage-words.ts'
import type { StopTarget } from './stop-dialog.tsx'
import { TreePicture } from './tree-picture.tsx'

interface TreeCardProps {
  readonly tree: Tree
  readonly stop: (target: StopTarget) => void
  /** Lets a delegation rest, or one that rests go on. */
  readonly rest: (delegation: DelegationView) => void
}

/** One approval and all that grew from it; the delegation chosen in the picture is told in full below it. */
export function TreeCard({ tree, stop, rest }: TreeCardProps): ReactNode {
  const { root, rows } = tree
  const [chosen, setChosen] = useState(root.id)
  const row = rows.find(({ delegation }) => delegation.id === chosen) ?? rows[0]
  return (
    <article className="card">
      <Stack gap="sm">
        <div className="row">
          <Title order={2} className="section-title">
            <AgentName name={root.agent_name} /> for <bdi>{safeText(root.on_behalf_of.id, 200)}</bdi>
          </Title>
          <Text>
            ends in <Timer end={root.valid_until} />
          </Text>
        </div>
        {root.purpose !== undefined && (
          <Text size="sm">
            Why: <HostileText text={root.purpose} maxLength={160} />
          </Text>
        )}
        {rows.length > 1 && <TreePicture tree={tree} chosen={chosen} choose={setChosen} />}
        {row && <Chosen row={row} above={aboveRow(row, rows)} stop={stop} rest={rest} />}
      </Stack>
    </article>
  )
}

/** Those that it was passed on from, the nearest first. */
function aboveRow({ parent }: TreeRow, rows: readonly TreeRow[]): readonly DelegationView[] {
  const next = parent === undefined ? undefined : rows[parent]
  return next === undefined ? [] : [next.delegation, ...aboveRow(next, rows)]
}

interface ChosenProps extends Omit<TreeCardProps, 'tree'> {
  readonly row: TreeRow
  readonly above: readonly DelegationView[]
}

function Chosen({ row, above, stop, rest }: ChosenProps): ReactNode {
  const { delegation, depth, below } = row
  const now = useNow()
  const person = usePerson()
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
    <div role="group" aria-label="The chosen delegation">
      {depth > 0 && (
        <Text fw={600}>
          Passed on to <AgentName name={delegation.agent_name} />, ends in{' '}
          <Timer end={delegation.valid_until} />
        </Text>
      )}
      {delegation.status === 'suspended' && (
        <Text fw={600}>{restWords(delegation, { id: person.id, now })}</Text>
      )}
      {delegation.suspended_reason !== undefined && (
        <Text size="sm">
          Reason: <HostileText text={delegation.suspended_reason} maxLength={500} />
        </Text>
      )}
      <ul className="sentences">
        {delegation.capabilities.map((capability) => (
          <li key={JSON.stringify(capability)}>{capabilitySentence(capability)}</li>
        ))}
      </ul>
      <Text size="sm" c="dimmed">
        Key <span className="mono">{safeText(delegation.agent_fingerprint, 120)}</span>
      </Text>
      {delegation.agent_workload !== undefined && (
        <Text size="sm" component="div" className="break">
          Runs as <AgentWorkload workload={delegation.agent_workload} />
        </Text>
      )}
      {usageWords(delegation, now, above).map((words) => (
        <Text key={words} size="sm" className="break">
          {words}
        </Text>
      ))}
      <StoryLink id={delegation.id}>What was done with it</StoryLink>
      <ExactRule rule={delegation.capabilities} label="Exact rules" />
      <div className="buttons after-block">
        <Button color="red" onClick={() => stop({ kind: 'delegation', delegation, below })}>
          Revoke …
        </Button>
        <Button color="red" variant="outline" onClick={() => stop({ kind: 'agent', delegation })}>
          Stop this agent …
        </Button>
        <Button variant="outline" onClick={() => rest(delegation)}>
          {delegation.suspended_at === undefined ? 'Suspend …' : 'Resume …'}
        </Button>
      </div>
    </div>
  )
}
