import type { RevocationReceipt } from '@behalf/wallet'
import { parseAgentDid } from '../agent-did.ts'
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
  usage: '(DELEGATION | --agent DID) [options]',
  about:
    'Stops a delegation and everything below it, as the agent that handed it on or, with --as-operator, as the operator. With --agent the operator stops a key for good. When this says done, the revocation will not be lost; APIs refuse within seconds.',
  positionals: ['DELEGATION?'],
  options: {
    agent: { kind: 'text', value: 'DID', help: 'the agent whose key to stop, everything it holds included' },
    reason: { kind: 'text', value: 'TEXT', help: 'why; it is recorded' },
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
  const { args, output } = context
  const delegation = args.optionalArgument('DELEGATION')
  const agent = args.text('agent')
  if ((delegation === undefined) === (agent === undefined)) {
    throw usageError('name one thing to stop', 'give the id of a delegation, or --agent DID')
  }
  if (agent !== undefined || isOperator(args)) refuseAgentWallet(args)
  const receipt = await sendRevocation(context, { delegation, agent })
  const document = { revoked: receipt.revoked, sequence: receipt.sequence, time: formatTime(receipt.time) }
  output.answer(document, [
    `${output.strong('Revoked.')} ${plain(receipt.revoked)}`,
    `In force since ${document.time}; published as heartbeat ${receipt.sequence}.`,
  ])
}

async function sendRevocation(
  context: CommandContext,
  target: { readonly delegation: string | undefined; readonly agent: string | undefined },
): Promise<RevocationReceipt> {
  const { args } = context
  const reason = args.text('reason')
  if (target.agent !== undefined) {
    const agent = parseAgentDid(target.agent)
    const authority = await openAuthority(context)
    return await authority.revoke({ agent }, reason)
  }
  const delegation = target.delegation ?? ''
  if (isOperator(args)) {
    const authority = await openAuthority(context)
    return await authority.revoke({ delegation }, reason)
  }
  const wallet = await openAgentWallet(context)
  return await wallet.revoke(delegation, {
    ...(reason === undefined ? {} : { reason }),
    ...(args.text('authority') === undefined ? {} : { authority: chooseAuthority(context.io, args) }),
  })
}
