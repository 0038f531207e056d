import type {
  AskedTerms,
  CollectDelegationOptions,
  HeldDelegation,
  PendingApproval,
  Wallet,
} from '@behalf/wallet'
import type { Arguments, OptionSpecs } from '../arguments.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { describeHeld } from '../delegation-words.ts'
import { heldDocument } from '../documents.ts'
import { CommandError, usageError } from '../error.ts'
import { AUTHORITY_OPTIONS, chooseAuthority, WALLET_OPTIONS } from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { plain } from '../plain-text.ts'
import { PRINCIPAL_OPTIONS, readPrincipal } from '../principal.ts'
import { BOUND_OPTIONS, CAPABILITY_OPTIONS, readBounds, requireCapabilities } from '../terms.ts'
import { describeSeconds, formatTime } from '../time-words.ts'
import { showWaiting } from '../waiting.ts'
import { openAgentWallet } from '../wallets.ts'

/** What says what is asked for; of no use to a request that was made before. */
const TERMS_OPTIONS: OptionSpecs = {
  ...PRINCIPAL_OPTIONS,
  ...CAPABILITY_OPTIONS,
  ...BOUND_OPTIONS,
  purpose: { kind: 'text', value: 'TEXT', help: 'what it is for; the person who decides reads it' },
  workflow: { kind: 'text', value: 'ID', help: 'the workflow it is for' },
  run: { kind: 'text', value: 'ID', help: 'the run of the workflow' },
  name: { kind: 'text', value: 'TEXT', help: 'what the agent calls itself; the person who decides reads it' },
}

/** `behalf request` */
export const command: Command = {
  usage: "--for ID --allow 'METHOD URL' --purpose TEXT [options]",
  about:
    'Asks an authority for a delegation, says where a person can approve it, and waits until that is decided. Ctrl-C ends the waiting, not the request.',
  positionals: [],
  options: {
    ...TERMS_OPTIONS,
    wait: { kind: 'flag', help: 'wait until it is decided (the default)' },
    'no-wait': { kind: 'flag', help: 'only ask; collect later with --resume' },
    resume: { kind: 'text', value: 'REQUEST', help: 'go on with a request that was made before' },
    ...AUTHORITY_OPTIONS,
    ...WALLET_OPTIONS,
    ...PASSPHRASE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  example:
    "behalf request --for alice --allow 'GET https://api.example.com/issues/**' --minutes 10 --purpose 'triage new issues'",
  run: request,
}

async function request(context: CommandContext): Promise<void> {
  const { io, args } = context
  if (args.flag('wait') && args.flag('no-wait')) {
    throw usageError('--wait and --no-wait contradict each other', 'give one of them')
  }
  const authority = chooseAuthority(io, args)
  const resumed = args.text('resume')
  if (resumed !== undefined) {
    refuseTerms(args)
    const wallet = await openAgentWallet(context)
    answerDelegation(context, await resume(context, wallet, { authority, id: resumed }))
    return
  }
  const terms = await readTerms(context)
  const wallet = await openAgentWallet(context)
  if (args.flag('no-wait')) {
    await askOnly(context, { wallet, authority, terms })
    return
  }
  answerDelegation(context, await askAndWait(context, { wallet, authority, terms }))
}

function refuseTerms(args: Arguments): void {
  const given = Object.entries(TERMS_OPTIONS).find(([name, { kind }]) =>
    kind === 'list' ? args.list(name).length > 0 : args.text(name) !== undefined,
  )
  if (given !== undefined) {
    throw usageError(
      `--${given[0]} cannot change a request that was made before`,
      'leave it out, or leave out --resume',
    )
  }
}

async function readTerms({ io, args }: CommandContext): Promise<AskedTerms> {
  const workflow = args.text('workflow')
  const run = args.text('run')
  const agentName = args.text('name')
  if (run !== undefined && workflow === undefined) {
    throw usageError('--run names a run of a workflow', 'give --workflow as well')
  }
  return {
    onBehalfOf: readPrincipal(args),
    capabilities: await requireCapabilities(io, args),
    ...readBounds(args),
    purpose: args.required('purpose'),
    ...(workflow === undefined ? {} : { workflow: { id: workflow, ...(run === undefined ? {} : { run }) } }),
    ...(agentName === undefined ? {} : { agentName }),
  }
}

interface Asking {
  readonly wallet: Wallet
  readonly authority: string
  readonly terms: AskedTerms
}

async function askOnly(context: CommandContext, asking: Asking): Promise<void> {
  const { wallet, authority, terms } = asking
  const receipt = await wallet.authority(authority).createRequest(terms)
  const { id, status, approvalUrl, expiresAt } = receipt
  if (status === 'refused') {
    // Collecting is where the authority says why.
    answerDelegation(context, await wallet.collectDelegation({ authority, id, once: true }))
    return
  }
  context.output.answer(
    { request: id, status, approval_url: approvalUrl, expires_at: formatTime(expiresAt) },
    [...describePending(receipt, context.io.clock()), `Collect it with: ${continuation(id, authority)}`],
  )
}

async function askAndWait(context: CommandContext, asking: Asking): Promise<HeldDelegation> {
  const { io, output } = context
  const { wallet, authority, terms } = asking
  const signal = io.interruption()
  const waiting = { id: '', stop: (): void => undefined }
  const onPending = (pending: PendingApproval): void => {
    output.note(...describePending(pending, io.clock()))
    Object.assign(waiting, { id: pending.id, stop: showWaiting(io, 'Waiting for the decision') })
  }
  try {
    return await wallet.requestDelegation({ ...terms, authority, signal, onPending })
  } catch (error) {
    throw signal.aborted ? stillOpen(waiting.id, authority) : error
  } finally {
    waiting.stop()
  }
}

async function resume(
  context: CommandContext,
  wallet: Wallet,
  made: CollectDelegationOptions,
): Promise<HeldDelegation> {
  const { io, args } = context
  const signal = io.interruption()
  const once = args.flag('no-wait')
  const stop = once ? undefined : showWaiting(io, 'Waiting for the decision')
  try {
    return await wallet.collectDelegation({ ...made, signal, once })
  } catch (error) {
    throw signal.aborted ? stillOpen(made.id, made.authority) : error
  } finally {
    stop?.()
  }
}

function describePending(pending: PendingApproval, now: number): string[] {
  return [
    `Request  ${plain(pending.id)}`,
    `Approve  ${plain(pending.approvalUrl)}`,
    `         open within ${describeSeconds((pending.expiresAt - now) / 1000)}; the operator can also run behalf approve ${plain(pending.id)}`,
  ]
}

function stillOpen(id: string, authority: string): CommandError {
  if (id === '') {
    return new CommandError('authorization_pending', 'interrupted before the authority answered', {
      next: 'run the command again',
    })
  }
  return new CommandError('authorization_pending', 'you stopped waiting; the request stays open', {
    next: `go on with: ${continuation(id, authority)}`,
    document: { request: id, status: 'pending' },
  })
}

function continuation(id: string, authority: string): string {
  return `behalf request --resume ${plain(id)} --authority ${authority}`
}

function answerDelegation({ io, output }: CommandContext, held: HeldDelegation): void {
  output.answer({ status: 'approved', delegation: heldDocument(held) }, [
    `${output.strong('Approved.')} The wallet holds this delegation now:`,
    ...describeHeld(held, io.clock()),
  ])
}
