import { serializeCapabilities, type VerifiedApprovalEvidence } from '@behalf/credential'
import { Alert, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { countDown } from '../model/countdown.ts'
import { ExactRule } from '../parts/exact-rule.tsx'
import { HostileText } from '../parts/hostile-text.tsx'
import { Moment } from '../parts/moment.tsx'
import { Sentences } from '../parts/sentences.tsx'
import { methodWords } from '../words/method-words.ts'
import { safeText } from '../words/safe-text.ts'
import type { Check, Inspection, LinkWords } from './inspect-pasted.ts'

interface InspectionViewProps {
  readonly inspection: Inspection
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** The verdict first, then each check, then what it says. */
export function InspectionView({ inspection, now }: InspectionViewProps): ReactNode {
  const { links, checks, approval, claimed } = inspection
  return (
    <Stack gap="md">
      <Verdict checks={checks} />
      <section className="card" aria-labelledby="checks">
        <Title order={2} className="section-title" id="checks" mb="xs">
          What was checked
        </Title>
        <ul className="plain-list">
          {checks.map((check) => (
            <CheckLine key={check.what} check={check} />
          ))}
        </ul>
      </section>
      {approval && <Approval approval={approval} />}
      {claimed && (
        <section className="card" aria-labelledby="claimed">
          <Title order={2} className="section-title" id="claimed">
            What the evidence claims; nothing of it is checked yet
          </Title>
          <Sentences sentences={claimed} />
        </section>
      )}
      {links.map((link, index) => (
        <LinkCard key={link.id} link={link} position={index} total={links.length} now={now} />
      ))}
    </Stack>
  )
}

function Verdict({ checks }: { readonly checks: readonly Check[] }): ReactNode {
  if (checks.some(({ result }) => result === 'failed')) {
    return (
      <Alert color="red" title="Do not rely on this">
        At least one check failed.
      </Alert>
    )
  }
  if (checks.every(({ result }) => result === 'unchecked')) {
    return (
      <Alert color="yellow" title="Nothing could be checked yet">
        What you pasted is not enough by itself.
      </Alert>
    )
  }
  return (
    <Alert color="green" title="Everything that could be checked is right">
      Read below what was not checked.
    </Alert>
  )
}

const MARKS = {
  passed: { sign: '✓', word: 'Yes' },
  failed: { sign: '✗', word: 'No' },
  unchecked: { sign: '–', word: 'Not checked' },
} as const

function CheckLine({ check }: { readonly check: Check }): ReactNode {
  const { sign, word } = MARKS[check.result]
  return (
    <li className="check-line" data-result={check.result}>
      <span className="check-mark" aria-hidden="true">
        {sign}
      </span>
      <div className="break">
        <strong>{word}:</strong> {check.what}
        {check.reason !== undefined && (
          <Text size="sm" c="dimmed">
            {safeText(check.reason, 400)}
            {check.code !== undefined && (
              <>
                {' '}
                (<span className="mono">{check.code}</span>)
              </>
            )}
          </Text>
        )}
      </div>
    </li>
  )
}

function Approval({ approval }: { readonly approval: VerifiedApprovalEvidence }): ReactNode {
  const method = methodWords(approval.method)
  return (
    <section className="card" aria-labelledby="approval">
      <Title order={2} className="section-title" id="approval">
        How it was approved
      </Title>
      {method !== undefined && <Text>{method}</Text>}
      <ul className="sentences">
        {approval.approvals.map(({ by, at, origin, passkey }) => (
          <li key={by}>
            {safeText(by, 200)}, <Moment at={new Date(at).toISOString()} />, on {safeText(origin, 200)}, with
            the passkey <span className="mono">{safeText(passkey.id, 200)}</span>
          </li>
        ))}
      </ul>
      <Text fw={600} mt="xs">
        The words that were approved:
      </Text>
      <Sentences sentences={approval.sentences} />
    </section>
  )
}

interface LinkCardProps {
  readonly link: LinkWords
  readonly position: number
  readonly total: number
  readonly now: number
}

function LinkCard({ link, position, total, now }: LinkCardProps): ReactNode {
  const { delegation, sentences } = link
  const id = `link-${position}`
  return (
    <section className="card" aria-labelledby={id}>
      <Title order={2} className="section-title" id={id}>
        {total === 1 ? 'What it says' : `Link ${position + 1} of ${total}`}
      </Title>
      <Sentences sentences={sentences} />
      <Facts delegation={delegation} now={now} />
      <ExactRule rule={serializeCapabilities(delegation.capabilities)} label="Exact rules" />
    </section>
  )
}

function Facts({
  delegation,
  now,
}: {
  readonly delegation: LinkWords['delegation']
  readonly now: number
}): ReactNode {
  const { onBehalfOf, purpose, maxUses, maxDelegationDepth, validFrom, validUntil } = delegation
  const end = new Date(validUntil).toISOString()
  const { ended, short } = countDown(end, now)
  return (
    <dl className="facts after-block">
      <dt>On behalf of</dt>
      <dd>
        <bdi>
          {safeText([onBehalfOf.id, onBehalfOf.role, onBehalfOf.tenant].filter(Boolean).join(', '), 300)}
        </bdi>
      </dd>
      <dt>To the agent</dt>
      <dd className="mono">{delegation.subject}</dd>
      <dt>From</dt>
      <dd className="mono">{delegation.issuer}</dd>
      {purpose !== undefined && (
        <>
          <dt>Purpose</dt>
          <dd>
            <HostileText text={purpose} maxLength={500} />
          </dd>
        </>
      )}
      <dt>Valid</dt>
      <dd>
        <Moment at={new Date(validFrom).toISOString()} /> until <Moment at={end} /> (
        {ended ? 'ended' : `${short} left`})
      </dd>
      <dt>How often</dt>
      <dd>{maxUses === undefined ? 'No limit of its own' : `At most ${maxUses} requests`}</dd>
      <dt>Passing on</dt>
      <dd>{maxDelegationDepth === 0 ? 'Not further' : `At most ${maxDelegationDepth} further steps`}</dd>
      <dt>Id</dt>
      <dd className="mono">{delegation.id}</dd>
    </dl>
  )
}
