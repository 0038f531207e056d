import { Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import type { RequestView } from '../api/views.ts'
import { announce } from '../live/announce.ts'
import { useNow } from '../live/use-now.ts'
import { countDown } from '../model/countdown.ts'
import { grantsSomething, type Narrowing, narrowingWords } from '../model/narrowing.ts'
import { AgentName } from '../parts/agent-name.tsx'
import { HostileBlock, HostileText } from '../parts/hostile-text.tsx'
import { focusPageTitle, PageTitle } from '../parts/page-title.tsx'
import { leadWords } from '../words/lead-words.ts'
import { ActionBar } from './action-bar.tsx'
import { AgentBlock } from './agent-block.tsx'
import { AgentLine } from './agent-line.tsx'
import { ApproveDialog } from './approve-dialog.tsx'
import { ChangedNotice } from './changed-notice.tsx'
import { DecidedNotice } from './decided-notice.tsx'
import { DenyDialog } from './deny-dialog.tsx'
import { LimitFacts } from './limit-facts.tsx'
import { Limits } from './limits.tsx'
import { Permissions } from './permissions.tsx'
import { PolicyBlock } from './policy-block.tsx'
import { PreviousBlock } from './previous-block.tsx'
import { SecondNotice } from './second-notice.tsx'
import { useSeenRequest } from './use-seen-request.ts'

/** Everything about one request, what matters most first, and the way to decide it. */
export function RequestDetails({ latest }: { readonly latest: RequestView }): ReactNode {
  const { seen, narrowing, changed, choose, readNewer } = useSeenRequest(latest)
  const request = useExpiry(seen)
  const open = request.status === 'pending'
  const canNarrow = open && request.turn === 'yours' && changed === undefined
  return (
    <Stack gap="md">
      <PageTitle tab="Request">
        <AgentName name={request.agent_name} /> asks to act for <bdi>{request.on_behalf_of.id}</bdi>
      </PageTitle>
      <Text className="lead">{leadWords(request)}</Text>
      <AgentLine request={request} />
      <DecidedNotice request={request} />
      {changed && open && <ChangedNotice seen={seen} changed={changed} onRead={readNewer} />}
      <SecondNotice request={request} />
      <Terms request={request} narrowing={narrowing} choose={canNarrow ? choose : undefined} />
      <Background request={request} />
      {open && (request.turn === 'yours' || request.turn === 'second') && (
        <Decision request={request} narrowing={narrowing} changed={changed !== undefined} />
      )}
    </Stack>
  )
}

interface DecisionProps {
  readonly request: RequestView
  readonly narrowing: Narrowing
  /** There is a newer version that was not read yet. */
  readonly changed: boolean
}

function Decision({ request, narrowing, changed }: DecisionProps): ReactNode {
  const [dialog, setDialog] = useState<'approve' | 'deny'>()
  const close = (): void => setDialog(undefined)
  const finish = (what: string): void => {
    close()
    announce(what)
    // The button that opened the dialog is gone with the decision.
    setTimeout(focusPageTitle)
  }
  return (
    <>
      <ActionBar
        end={request.expires_at}
        words={barWords(request, narrowing, changed)}
        blocked={changed || !grantsSomething(narrowing, request)}
        onApprove={() => setDialog('approve')}
        onDeny={() => setDialog('deny')}
      />
      {dialog === 'approve' && (
        <ApproveDialog
          chosen={[{ request, narrowing }]}
          onClose={close}
          onApproved={() => finish('Approved')}
        />
      )}
      <DenyDialog
        opened={dialog === 'deny'}
        request={request}
        onClose={close}
        onDenied={() => finish('Denied')}
      />
    </>
  )
}

/** A pending request turns into an expired one by itself while it is on the page. */
function useExpiry(request: RequestView): RequestView {
  const { ended } = countDown(request.expires_at, useNow())
  return request.status === 'pending' && ended ? { ...request, status: 'expired' } : request
}

function barWords(request: RequestView, narrowing: Narrowing, changed: boolean): string {
  if (changed) return 'Read what changed first'
  if (!grantsSomething(narrowing, request))
    return 'Nothing is left to approve: take something in again, or deny'
  const less = narrowingWords(narrowing, request)
  return less.length === 0 ? '' : `Less than asked: ${less.join(', ')}`
}

interface TermsProps {
  readonly request: RequestView
  readonly narrowing: Narrowing
  readonly choose: ((narrowing: Narrowing) => void) | undefined
}

function Terms({ request, narrowing, choose }: TermsProps): ReactNode {
  return (
    <>
      <section className="card" aria-labelledby="what">
        <Title order={2} className="section-title" id="what">
          What it may do
        </Title>
        <Permissions request={request} narrowing={narrowing} choose={choose} />
      </section>
      <section className="card" aria-labelledby="limits">
        <Title order={2} className="section-title" id="limits" mb="sm">
          {choose ? 'Limits: as asked, or less' : 'Limits'}
        </Title>
        {choose ? (
          <Limits request={request} narrowing={narrowing} choose={choose} />
        ) : (
          <LimitFacts request={request} />
        )}
      </section>
      <section className="card" aria-labelledby="why">
        <Title order={2} className="section-title" id="why" mb="sm">
          Why
        </Title>
        <HostileBlock label="In the agent’s own words" text={request.purpose} />
        <Workflow request={request} />
      </section>
    </>
  )
}

function Workflow({ request }: { readonly request: RequestView }): ReactNode {
  const { workflow } = request
  if (workflow === undefined) return null
  return (
    <p className="after-block">
      It says this belongs to the workflow <HostileText text={workflow.id} />
      {workflow.run !== undefined && (
        <>
          , run <HostileText text={workflow.run} />
        </>
      )}
      .
    </p>
  )
}

function Background({ request }: { readonly request: RequestView }): ReactNode {
  return (
    <>
      <section className="card" aria-labelledby="who">
        <Title order={2} className="section-title" id="who" mb="sm">
          Who asks
        </Title>
        <AgentBlock request={request} />
      </section>
      <section className="card" aria-labelledby="last">
        <Title order={2} className="section-title" id="last" mb="xs">
          Compared with last time
        </Title>
        <PreviousBlock previous={request.previous} />
      </section>
      <section className="card" aria-labelledby="policy">
        <Title order={2} className="section-title" id="policy" mb="xs">
          What the policy says
        </Title>
        <PolicyBlock request={request} />
      </section>
    </>
  )
}
