import type { ConfirmationCounts, RevocationReceipt, RevocationTarget } from '@behalf/wallet'
import { parseAgentDid } from '../agent-did.ts'
import type { Arguments } from '../arguments.ts'
import { awaitConfirmations } from '../await-confirmations.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { CommandError, usageError } from '../error.ts'
import {
  AS_OPERATOR_OPTIONS,
  AUTHORITY_OPTIONS,
  chooseAuthority,
  isOperator,
  refuseAgentWallet,
  WALLET_OPTIONS,
} from '../locations.ts'
import type { AnswerDocument } from '../output.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { plain } from '../plain-text.ts'
import { formatTime } from '../time-words.ts'
import { openAgentWallet, openAuthority } from '../wallets.ts'

const DEFAULT_WAIT_SECONDS = 30

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
    wait: {
      kind: 'flag',
      help: 'wait until every registered API that follows the authority’s stream with its key (signer of createStatusSource) said that it knows, and fail when one did not, by name; whoever else reads the stream is told of apart and not waited for; for operators',
    },
    seconds: { kind: 'text', value: 'N', help: 'how long to wait at most (30)' },
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
  const target = readTarget(args)
  const byOperator = !('delegation' in target) || isOperator(args)
  if (byOperator) refuseAgentWallet(args)
  if ('agent' in target) parseAgentDid(target.agent)
  const seconds = readSeconds(args, byOperator)
  const receipt = await sendRevocation(context, target)
  const { revoked, sequence, delegations } = receipt
  const told = seconds === undefined ? undefined : await waitForAll(context, { sequence, seconds })
  const document = {
    revoked,
    ...(delegations === undefined ? {} : { delegations: [...delegations] }),
    sequence,
    time: formatTime(receipt.time),
    ...(told === undefined ? {} : describeConfirmations(told)),
  }
  const words = [
    ...tellRevoked(context, receipt),
    `In force since ${document.time}; published as heartbeat ${sequence}.`,
  ]
  if (told !== undefined && told.confirmed < told.connected) {
    output.note(...words, ...tellMissing(told), ...tellUnproven(told))
    throw unconfirmed(told, document)
  }
  output.answer(document, [
    ...words,
    ...(told === undefined ? [] : [tellConfirmed(told), ...tellUnproven(told)]),
  ])
}

/** What was asked for was done; that everybody knows is what was waited for, and it did not come. */
function unconfirmed({ connected, confirmed }: ConfirmationCounts, document: AnswerDocument): CommandError {
  return new CommandError(
    'confirmation_missing',
    `it is revoked, and ${confirmed} of ${connected} APIs that follow the stream said in time that they know`,
    { document },
  )
}

/** Undefined without --wait. */
function readSeconds(args: Arguments, byOperator: boolean): number | undefined {
  const text = args.text('seconds')
  if (!args.flag('wait')) {
    if (text === undefined) return undefined
    throw usageError('--seconds says how long to wait', 'give --wait, too')
  }
  if (!byOperator) throw usageError('only an operator learns who knows', 'give --as-operator, too')
  if (text === undefined) return DEFAULT_WAIT_SECONDS
  if (/^[1-9][0-9]{0,3}$/u.test(text)) return Number(text)
  throw usageError('--seconds is a whole number from 1 to 9999', 'give --seconds 30')
}

async function waitForAll(
  context: CommandContext,
  { sequence, seconds }: { readonly sequence: number; readonly seconds: number },
): Promise<ConfirmationCounts> {
  return await awaitConfirmations(await openAuthority(context), { sequence, seconds, io: context.io })
}

function describeConfirmations({ connected, confirmed, apis, unproven }: ConfirmationCounts): AnswerDocument {
  return {
    connected,
    confirmed,
    apis: apis.map((api) => ({ ...api, origins: [...api.origins] })),
    unproven: { ...unproven },
  }
}

function tellMissing({ apis }: ConfirmationCounts): readonly string[] {
  return apis
    .filter((api) => api.confirmed < api.connected)
    .map(({ origins }) => `No word from ${origins.map(plain).join(', ')}.`)
}

function tellConfirmed({ connected }: ConfirmationCounts): string {
  if (connected === 0) return 'No registered API follows the stream: those that ask learn it within seconds.'
  if (connected === 1) return 'The 1 API that follows the stream said that it knows.'
  return `All ${connected} APIs that follow the stream said that they know.`
}

/** Anybody may read the stream, so whoever proved no key is told of, and decides nothing. */
function tellUnproven({ unproven }: ConfirmationCounts): readonly string[] {
  const { connected, confirmed } = unproven
  if (connected === 0) return []
  if (connected === 1) {
    const said = confirmed === 1 ? 'said that it knows' : 'does not confirm'
    return [`And 1 other reader, which proved no key and is not waited for, ${said}.`]
  }
  const those = `And ${connected} other readers, which proved no key and are not waited for`
  if (confirmed === 0) return [`${those}, do not confirm.`]
  return [`${those}: ${confirmed} of them said that they know.`]
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
