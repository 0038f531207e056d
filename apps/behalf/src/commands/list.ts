import type { AuthorityClient, DelegationRequest, DelegationSummary, HeldDelegation } from '@behalf/wallet'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { describeHeld } from '../delegation-words.ts'
import { heldDocument, requestDocument, summaryDocument } from '../documents.ts'
import { usageError } from '../error.ts'
import {
  AS_OPERATOR_OPTIONS,
  AUTHORITY_OPTIONS,
  isOperator,
  refuseAgentWallet,
  WALLET_OPTIONS,
} from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { plain } from '../plain-text.ts'
import { describePrincipal, describeRequest } from '../request-words.ts'
import { describeSeconds } from '../time-words.ts'
import { openAgentWallet, openAuthority } from '../wallets.ts'
import { describeWorkload } from '../workload-words.ts'

/** `behalf list` */
export const command: Command = {
  usage: '[options]',
  about:
    'Lists the delegations a wallet holds and those it handed on; ended ones stay for a day. With --as-operator it lists what an authority has open instead: requests that wait for a decision, and active delegations, with where their agents were proven to run.',
  positionals: [],
  options: {
    ...AS_OPERATOR_OPTIONS,
    ...AUTHORITY_OPTIONS,
    ...WALLET_OPTIONS,
    ...PASSPHRASE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  example: 'behalf list --as-operator',
  run: list,
}

async function list(context: CommandContext): Promise<void> {
  const { io, args, output } = context
  if (isOperator(args)) {
    refuseAgentWallet(args)
    await listAuthority(context, await openAuthority(context))
    return
  }
  if (args.text('authority') !== undefined) {
    throw usageError(
      'what a wallet holds is not asked of an authority',
      'add --as-operator, or leave --authority out',
    )
  }
  const wallet = await openAgentWallet(context)
  const held = wallet.delegations()
  const issued = wallet.issued()
  const describe = (delegation: HeldDelegation): string[] => describeHeld(delegation, io.clock())
  output.answer(
    { did: wallet.did, delegations: held.map(heldDocument), handed_on: issued.map(heldDocument) },
    [
      held.length === 0
        ? 'The wallet holds no delegation. Ask for one with: behalf request'
        : `The wallet holds ${held.length}:`,
      ...held.flatMap(describe),
      ...(issued.length === 0 ? [] : [`It handed on ${issued.length}:`, ...issued.flatMap(describe)]),
    ],
  )
}

async function listAuthority({ io, output }: CommandContext, authority: AuthorityClient): Promise<void> {
  const now = io.clock()
  const pending = await authority.listRequests({ status: 'pending' })
  const active = (await authority.listDelegations()).filter(
    ({ status }) => status === 'active' || status === 'suspended',
  )
  output.answer({ pending: pending.map(requestDocument), active: active.map(summaryDocument) }, [
    ...describePending(pending, now),
    '',
    ...describeActive(active, now),
  ])
}

function describePending(pending: readonly DelegationRequest[], now: number): string[] {
  if (pending.length === 0) {
    return ['No request waits for a decision.']
  }
  const title = pending.length === 1 ? '1 request waits' : `${pending.length} requests wait`
  return [`${title} for a decision:`, ...pending.flatMap((request) => describeRequest(request, now))]
}

function describeActive(active: readonly DelegationSummary[], now: number): string[] {
  if (active.length === 0) {
    return ['No delegation is active.']
  }
  return [
    `Active delegations: ${active.length}`,
    ...active.flatMap(({ id, subject, onBehalfOf, validUntil, agentWorkload: workload }) => [
      `  ${plain(id)}  to ${plain(subject)}  on behalf of ${describePrincipal(onBehalfOf)}  ${describeSeconds((validUntil - now) / 1000)} left`,
      ...(workload === undefined ? [] : [`    runs as ${describeWorkload(workload).join(', ')}`]),
    ]),
  ]
}
