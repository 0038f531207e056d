import {
  createWorkloadProof,
  type EnrolledWorkload,
  type Wallet,
  type WorkloadPresentation,
} from '@behalf/wallet'
import { advise } from './advise.ts'
import type { Arguments, OptionSpecs } from './arguments.ts'
import { describeCapabilities } from './capability-words.ts'
import type { CommandContext } from './command.ts'
import { usageError } from './error.ts'
import { chooseAuthority } from './locations.ts'
import { plain } from './plain-text.ts'
import { readInput } from './read-input.ts'
import { formatTime } from './time-words.ts'
import { openAgentWallet } from './wallets.ts'

/** The options that say where the proof of a workload is. */
export const WORKLOAD_OPTIONS: OptionSpecs = {
  'workload-token': {
    kind: 'text',
    value: 'FILE',
    help: 'prove where this agent runs, with the token in this file, such as a projected volume',
  },
  'workload-cert': {
    kind: 'text',
    value: 'FILE',
    help: 'the same, with a certificate in PEM and those above it',
  },
  'workload-key': { kind: 'text', value: 'FILE', help: 'the key of that certificate, PKCS #8 in PEM' },
}

const NOT_READ =
  'look into the file: it holds one token as its issuer gave it, or the certificates in PEM, the own one first'

/** The files that prove where an agent runs. */
export type WorkloadFiles =
  | { readonly token: string }
  | { readonly certificates: string; readonly privateKey: string }

/**
 * The files that a command line names; undefined when it names none.
 *
 * @throws CommandError `usage_invalid` for half of a pair, or together with what an operator says of an agent
 */
export function readWorkloadFiles(args: Arguments): WorkloadFiles | undefined {
  const token = args.text('workload-token')
  const certificates = args.text('workload-cert')
  const privateKey = args.text('workload-key')
  if (token === undefined && certificates === undefined && privateKey === undefined) return undefined
  if (args.optionalArgument('AGENT') !== undefined) {
    throw usageError(
      'an agent proves for itself where it runs',
      'leave AGENT out; choose its wallet with --wallet',
    )
  }
  refuseTerms(args)
  if (token !== undefined && certificates === undefined && privateKey === undefined) return { token }
  if (token === undefined && certificates !== undefined && privateKey !== undefined)
    return { certificates, privateKey }
  throw usageError(
    'one proof is needed, whole',
    'give --workload-token, or --workload-cert and --workload-key',
  )
}

function refuseTerms(args: Arguments): void {
  const given = ['for', 'role', 'tenant', 'capabilities', 'max-minutes', 'depth', 'operator'].find(
    (name) => args.text(name) !== undefined,
  )
  const terms = given ?? (args.list('allow').length > 0 ? 'allow' : undefined)
  if (terms === undefined) return
  throw usageError(
    `--${terms} is not for an agent to say here`,
    'what it is granted is in the configuration of the authority',
  )
}

/**
 * The agent's own key is enrolled where it proves to run, and what that gives is told.
 *
 * @throws CommandError `not_found`; WalletError `input_invalid` and whatever the authority refuses with
 */
export async function enrolWorkload(context: CommandContext, files: WorkloadFiles): Promise<void> {
  const origin = chooseAuthority(context.io, context.args)
  const wallet = await openAgentWallet(context)
  const presentation = await present(context, { files, wallet, origin })
  const proven = await advise('credential_malformed', NOT_READ, () =>
    wallet.authority(origin).enrolWorkload(presentation),
  )
  answer(context, proven)
}

async function present(
  { io }: CommandContext,
  from: { readonly files: WorkloadFiles; readonly wallet: Wallet; readonly origin: string },
): Promise<WorkloadPresentation> {
  const { files, wallet, origin } = from
  // Whoever writes a token with echo ends it with a line break; no part of a token has one.
  if ('token' in files) return { type: 'jwt', token: (await readInput(io, files.token)).trim() }
  const proof = await createWorkloadProof({
    certificates: await readInput(io, files.certificates),
    privateKey: await readInput(io, files.privateKey),
    authority: origin,
    agent: wallet.did,
    now: io.clock(),
  })
  return { type: 'x509', proof }
}

function answer({ output }: CommandContext, proven: EnrolledWorkload): void {
  const { agent, issuer, subject, claims, validUntil, enrolments } = proven
  const document = {
    agent,
    workload: { issuer, subject, claims: { ...claims } },
    valid_until: formatTime(validUntil),
    enrolments: enrolments.map(({ id, maxSeconds }) => ({ id, max_seconds: maxSeconds })),
  }
  const granted = enrolments.flatMap(({ capabilities }) => describeCapabilities(capabilities))
  output.answer(document, [
    `${output.strong('Proven.')} ${agent} runs as ${plain(subject)}`,
    `  says        ${plain(issuer)}`,
    `  until       ${formatTime(validUntil)}; prove it again before`,
    ...(granted.length === 0
      ? ['Nothing is granted there: what it asks for is decided as for any agent.']
      : ['It may have by itself until then:', ...granted.map((line) => `  ${line}`)]),
  ])
}
