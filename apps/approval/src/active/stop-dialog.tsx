import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { type StopBody, stop } from '../api/delegations-api.ts'
import type { DelegationView, ReceiptView } from '../api/views.ts'
import { useAction } from '../live/use-action.ts'
import { AgentName } from '../parts/agent-name.tsx'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'
import { focusPageTitle } from '../parts/page-title.tsx'
import { usePerson } from '../person-context.ts'

/** What a person is about to stop. */
export type StopTarget =
  | { readonly kind: 'mine' }
  | { readonly kind: 'agent'; readonly delegation: DelegationView }
  | { readonly kind: 'delegation'; readonly delegation: DelegationView; readonly below: number }

interface StopDialogProps {
  readonly target: StopTarget | undefined
  readonly onClose: () => void
  /** It is stopped. */
  readonly onDone: (target: StopTarget, receipt: ReceiptView) => void
}

const TITLES = {
  mine: 'Stop everything of mine?',
  agent: 'Stop this agent?',
  delegation: 'Revoke this?',
} as const
const ACTIONS = { mine: 'Stop everything', agent: 'Stop this agent', delegation: 'Revoke' } as const

/** Asks once, then stops at once. */
export function StopDialog({ target, onClose, onDone }: StopDialogProps): ReactNode {
  const isOperator = usePerson().roles.includes('operator')
  const revoke = useAction({
    run: (stopped: StopTarget & { readonly reason: string | undefined }) => stop(bodyOf(stopped)),
    changes: ['delegations', 'history', 'requests'],
    said: 'Stopped',
    done: (receipt, stopped) => {
      close()
      onDone(stopped, receipt)
      setTimeout(focusPageTitle)
    },
  })
  function close(): void {
    revoke.reset()
    onClose()
  }
  return (
    <ConfirmDialog
      opened={target !== undefined}
      title={TITLES[target?.kind ?? 'delegation']}
      action={ACTIONS[target?.kind ?? 'delegation']}
      withReason
      pending={revoke.isPending}
      error={revoke.error}
      onConfirm={(reason) => {
        if (target) revoke.mutate({ ...target, reason })
      }}
      onClose={close}
    >
      <Text>{target && consequence(target, isOperator)}</Text>
    </ConfirmDialog>
  )
}

function bodyOf({ reason, ...target }: StopTarget & { readonly reason: string | undefined }): StopBody {
  const why = reason === undefined ? {} : { reason }
  if (target.kind === 'mine') return { mine: true, ...why }
  if (target.kind === 'agent') return { agent: target.delegation.subject, ...why }
  return { delegation: target.delegation.id, ...why }
}

function consequence(target: StopTarget, isOperator: boolean): ReactNode {
  if (target.kind === 'mine') {
    return 'Every agent that acts for you, and every agent below it, is refused from now on. They can ask again.'
  }
  const name = <AgentName name={target.delegation.agent_name} />
  if (target.kind === 'agent' && !isOperator) {
    return (
      <>
        All that {name} may do for you is refused from now on, also what it had by itself. It can ask again.
      </>
    )
  }
  if (target.kind === 'agent') {
    return (
      <>
        The key of {name} is refused everywhere from now on, for good. It would need a new key to ask again.
      </>
    )
  }
  const { below } = target
  return (
    <>
      This delegation of {name} is refused from now on
      {below > 0 && `, and so ${below === 1 ? 'is the one' : `are the ${below}`} below it`}. The agent can ask
      again.
    </>
  )
}
