import type { AuthorityClient, RevocationReceipt, RevocationTarget } from '@behalf/wallet'
import { parseAgentDid } from '../agent-did.ts'
import { answerOnceKnown, readWaitSeconds, WAIT_OPTIONS } from '../answer-once-known.ts'
import type { Arguments } from '../arguments.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { usageError } from '../error.ts'
import {
  AS_OPERATOR_OPTIONS,
  AUTHORITY_OPTIONS,
  chooseAuthority,
  isOperator,
  refuseAgentWallet,
  WALLET_OPTIONS,
} from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { plain } from '../plain-text.ts'
import { formatTime } from '../time-words.ts'
import { openAgentWallet, openAuthority } from '../wallets.ts'

/** `behalf revoke` */
export const command: Command = {
  usage:
    '(DELEGATION | --agent DID | --principal ID | --workflow ID [--run ID] | --issuer-key KEY) [options]',
  about:
    'Stops a delegation and everything below it, as the agent that handed it on or, with --as-operator, as the operator. With --agent the operator stops a key for good, with --principal all that acts for a person, with --workflow all of a workflow or of one run of it, with --issuer-key everything that the issuer signed with a key that was stolen. When this says done, the revocation will not be lost; APIs refuse within seconds.',
  positionals: ['DELEGATION?'],
  options: {
    agent: { kind: 'text', value: 'DID', help: 'the agent whose key to stop, everything it holds included' },
    principal: { kind: 'text', value: 'ID', help: 'the principal for whom nothing shall act any more' },
    workflow: { kind: 'text', value: 'ID', help: 'the workflow to stop' },
    run: { kind: 'text', value: 'ID', help: 'only this run of the workflow' },
    'issuer-key': {
      kind: 'text',
      value: 'KEY',
      help: 'DID URL of the issuer’s key that nobody shall trust any more',
    },
    reason: { kind: 'text', value: 'TEXT', help: 'why; it is recorded' },
    ...WAIT_OPTIONS,
    ...AS_OPERATOR_OPTIONS,
    ...AUTHORITY_OPTIONS,
    ...WALLET_OPTIONS,
    ...PASSPHRASE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  example: "behalf revoke urn:uuid:0195… --reason 'the task is done'",
  run: revoke,
}

async function revoke(context: CommandContext): Promise<void> {
  const { args } = context
  const target = readTarget(args)
  const byOperator = !('delegation' in target) || isOperator(args)
  if (byOperator) refuseAgentWallet(args)
  if ('agent' in target) parseAgentDid(target.agent)
  const seconds = readWaitSeconds(args)
  if (seconds !== undefined && !byOperator) {
    throw usageError('only an operator learns who knows', 'give --as-operator, too')
  }
  const receipt = await sendRevocation(context, target)
  const { revoked, sequence, delegations } = receipt
  const document = {
    revoked,
    ...(delegations === undefined ? {} : { delegations: [...delegations] }),
    sequence,
    time: formatTime(receipt.time),
  }
  const words = [
    ...tellRevoked(context, receipt),
    `In force since ${document.time}; published as heartbeat ${sequence}.`,
  ]
  const authority = (): Promise<AuthorityClient> => openAuthority(context)
  await answerOnceKnown(context, { authority, deed: 'revoked', sequence, document, words, seconds })
}

/** A name that was misspelled stops nothing, and must not read as if it did. */
function tellRevoked({ output }: CommandContext, { revoked, delegations }: RevocationReceipt): string[] {
  const done = `${output.strong('Revoked.')} ${plain(revoked)}`
  if (delegations === undefined) return [done]
  if (delegations.length === 0) {
    return [
      `${output.strong('Nothing was stopped:')} no delegation was active there (${plain(revoked)}).`,
      'What is active, and how it is spelled, says: behalf list --as-operator',
    ]
  }
  const count = delegations.length === 1 ? '1 delegation was' : `${delegations.length} delegations were`
  return [done, `${count} stopped, with everything below: ${delegations.map(plain).join(', ')}`]
}

/** The one thing that is named. */
function readTarget(args: Arguments): RevocationTarget {
  const delegation = args.optionalArgument('DELEGATION')
  const [agent, principal, workflow] = [args.text('agent'), args.text('principal'), args.text('workflow')]
  const [run, issuerKey] = [args.text('run'), args.text('issuer-key')]
  if (
    [delegation, agent, principal, workflow, issuerKey].filter((named) => named !== undefined).length !== 1
  ) {
    throw usageError(
      'name one thing to stop',
      'give the id of a delegation, --agent DID, --principal ID, --workflow ID or --issuer-key KEY',
    )
  }
  if (run !== undefined && workflow === undefined) {
    throw usageError('a run is one of a workflow', 'give --workflow ID and nothing else')
  }
  if (agent !== undefined) return { agent }
  if (principal !== undefined) return { principal: { id: principal } }
  if (workflow !== undefined) return { workflow: { id: workflow, ...(run !== undefined && { run }) } }
  if (issuerKey !== undefined) return { issuer_key: issuerKey }
  return { delegation: delegation ?? '' }
}

async function sendRevocation(context: CommandContext, target: RevocationTarget): Promise<RevocationReceipt> {
  const { args } = context
  const reason = args.text('reason')
  if (!('delegation' in target) || isOperator(args)) {
    const authority = await openAuthority(context)
    return await authority.revoke(target, reason)
  }
  const wallet = await openAgentWallet(context)
  return await wallet.revoke(target.delegation, {
    ...(reason === undefined ? {} : { reason }),
    ...(args.text('authority') === undefined ? {} : { authority: chooseAuthority(context.io, args) }),
  })
}
