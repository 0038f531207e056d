import { Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import type { NamesView, RecordView } from '../api/log-views.ts'
import { agentWords, personWords } from '../words/name-words.ts'
import { type Fact, recordWords } from '../words/record-words.ts'
import { HostileText } from './hostile-text.tsx'
import { Moment } from './moment.tsx'

interface RecordItemProps {
  readonly record: RecordView
  readonly names: NamesView
  /** Makes the item a place to go to. */
  readonly id?: string
  /** Whether what else it says is shown only when somebody asks. */
  readonly folded?: boolean
  /** Further down in the same item. */
  readonly children?: ReactNode
}

/** One record of the log as an item of a list: what happened, when, to which agent, and what else it says. */
export function RecordItem({ record, names, id, folded = false, children }: RecordItemProps): ReactNode {
  const { headline, tone, actor, facts } = recordWords(record, names)
  const { subject, principal } = record
  return (
    <li className="event" id={id} tabIndex={id === undefined ? undefined : -1}>
      <span className="event-dot" data-tone={tone} aria-hidden="true" />
      <div className="event-body">
        <div className="row">
          <Title order={2} className="event-title break">
            {headline}
            {actor !== undefined && <span className="event-actor"> by {actor}</span>}
          </Title>
          <Text size="sm" c="dimmed">
            <Moment at={record.time} to="second" />
          </Text>
        </div>
        {typeof subject === 'string' && (
          <Agent did={subject} principal={personWords(principal, names)} names={names} />
        )}
        {facts.length > 0 && (folded ? <Folded facts={facts} /> : <Facts facts={facts} />)}
        {children}
      </div>
    </li>
  )
}

function Folded({ facts }: { readonly facts: readonly Fact[] }): ReactNode {
  return (
    <details className="rule">
      <summary>Details</summary>
      <Facts facts={facts} />
    </details>
  )
}

function Facts({ facts }: { readonly facts: readonly Fact[] }): ReactNode {
  return (
    <dl className="facts small-facts">
      {facts.map(({ name, value, hostile }) => (
        <div key={name} className="fact-pair">
          <dt>{name}</dt>
          <dd>{hostile ? <HostileText text={value} maxLength={500} /> : value}</dd>
        </div>
      ))}
    </dl>
  )
}

interface AgentProps {
  readonly did: string
  /** On whose behalf, where that is known. */
  readonly principal: string | undefined
  readonly names: NamesView
}

function Agent({ did, principal, names }: AgentProps): ReactNode {
  const { name, key } = agentWords(did, names)
  return (
    <Text size="sm" className="break">
      <bdi>{name}</bdi>
      {principal !== undefined && ` for ${principal}`}, key <span className="mono">{key}</span>
    </Text>
  )
}
