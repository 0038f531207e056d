import { BehalfError } from '@behalf/core'
import type { AuthorityClient, DelegationRequest, Narrowing } from '@behalf/wallet'
import { confirm, requireTerminal } from '../ask.ts'
import { describeCapabilities } from '../capability-words.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { requestDocument } from '../documents.ts'
import { CommandError } from '../error.ts'
import { AUTHORITY_OPTIONS, OPERATOR_OPTIONS } from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { plain } from '../plain-text.ts'
import { readRequest } from '../read-request.ts'
import { describeRequest } from '../request-words.ts'
import { BOUND_OPTIONS, CAPABILITY_OPTIONS, readBounds, readCapabilities } from '../terms.ts'
import { describeSeconds } from '../time-words.ts'
import { openAuthority } from '../wallets.ts'

/** `behalf approve` */
export const command: Command = {
  usage: 'REQUEST [options]',
  about:
    'Shows in plain words what an agent asks for and asks whether to approve it. With --allow, --minutes, --uses or --depth less is granted than was asked for.',
  positionals: ['REQUEST'],
  options: {
    yes: { kind: 'flag', help: 'approve without asking' },
    ...CAPABILITY_OPTIONS,
    ...BOUND_OPTIONS,
    ...AUTHORITY_OPTIONS,
    ...OPERATOR_OPTIONS,
    ...PASSPHRASE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  example: "behalf approve urn:uuid:0195… --minutes 5 --allow 'GET https://api.example.com/issues/**'",
  run: approve,
}

async function approve(context: CommandContext): Promise<void> {
  const { io, args, output } = context
  const id = args.argument('REQUEST')
  if (!args.flag('yes')) {
    requireTerminal(io, 'a person has to approve this')
  }
  const narrow = await readNarrowing(context)
  const authority = await openAuthority(context)
  const asked = await readRequest(authority, id)
  checkPending(asked)
  output.note(...describeRequest(asked, io.clock()), ...describeNarrowing(narrow))
  await agree(context)
  const decided = await decide(authority, { asked, narrow })
  output.answer(requestDocument(decided), [
    `${output.strong('Approved.')} The agent can collect its delegation now.`,
    `Stop it at any time with: behalf revoke ${plain(decided.delegationId ?? '<delegation id>')} --as-operator`,
  ])
}

async function readNarrowing({ io, args }: CommandContext): Promise<Narrowing> {
  const capabilities = await readCapabilities(io, args)
  return { ...readBounds(args), ...(capabilities === undefined ? {} : { capabilities }) }
}

function checkPending({ status }: DelegationRequest): void {
  if (status === 'expired') {
    throw new CommandError('approval_expired', 'nobody decided this request in time', {
      next: 'let the agent ask again',
    })
  }
  if (status !== 'pending') {
    throw new CommandError('approval_consumed', `this request was decided before: ${status}`)
  }
}

function describeNarrowing(narrow: Narrowing): string[] {
  const { capabilities, validForSeconds, maxUses, maxDelegationDepth } = narrow
  const lines = [
    ...(capabilities === undefined ? [] : describeCapabilities(capabilities)),
    ...(validForSeconds === undefined ? [] : [`for ${describeSeconds(validForSeconds)}`]),
    ...(maxUses === undefined ? [] : [`at most ${maxUses} uses`]),
    ...(maxDelegationDepth === undefined ? [] : [`handed on at most ${maxDelegationDepth} times`]),
  ]
  return lines.length === 0 ? [] : ['You grant only', ...lines.map((line) => `    ${line}`)]
}

async function agree({ io, args }: CommandContext): Promise<void> {
  if (!args.flag('yes') && !(await confirm(io, 'approve?'))) {
    throw new CommandError('access_denied', 'you did not approve: the request stays open', {
      next: 'refuse it with behalf deny, or run this again',
    })
  }
}

async function decide(
  authority: AuthorityClient,
  decision: { readonly asked: DelegationRequest; readonly narrow: Narrowing },
): Promise<DelegationRequest> {
  const { asked, narrow } = decision
  // The version that was shown: had the request changed since, the authority refuses.
  const { id, version } = asked
  try {
    return await authority.approve(id, Object.keys(narrow).length === 0 ? { version } : { version, narrow })
  } catch (cause) {
    // An operator who could read it is refused only for what no operator may approve.
    if (!(cause instanceof BehalfError) || cause.code !== 'forbidden') throw cause
    const page = plain(asked.approvalUrl ?? 'the page of the authority')
    throw new CommandError('forbidden', 'this request takes two people, each with a passkey of their own', {
      next: `let its principal open ${page}, then another approver; to refuse it: behalf deny ${plain(id)}`,
      cause,
    })
  }
}
