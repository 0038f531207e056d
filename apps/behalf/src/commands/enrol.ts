import { parseAgentDid } from '../agent-did.ts'
import { describeCapabilities } from '../capability-words.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { enrolWorkload, readWorkloadFiles, WORKLOAD_OPTIONS } from '../enrol-workload.ts'
import { usageError } from '../error.ts'
import { AUTHORITY_OPTIONS, OPERATOR_OPTIONS, WALLET_OPTIONS } from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { plain } from '../plain-text.ts'
import { PRINCIPAL_OPTIONS, readPrincipal } from '../principal.ts'
import { CAPABILITY_OPTIONS, MAX_DEPTH, MAX_MINUTES, requireCapabilities } from '../terms.ts'
import { describeSeconds } from '../time-words.ts'
import { openAuthority } from '../wallets.ts'

/** `behalf enrol` */
export const command: Command = {
  usage:
    "AGENT --for ID --allow 'METHOD URL' --max-minutes N [options], or --workload-token FILE, or --workload-cert FILE --workload-key FILE",
  about:
    'Lets the authority approve requests of this agent by itself, for this principal and within these terms, if its policy has approve-enrolled rules. Everything else is still asked or refused. With a token or certificate of the platform it runs on, an agent proves with its own wallet where it runs, and has what the authority grants there.',
  positionals: ['AGENT?'],
  options: {
    ...PRINCIPAL_OPTIONS,
    ...CAPABILITY_OPTIONS,
    'max-minutes': { kind: 'text', value: 'N', help: 'the longest delegation to approve' },
    depth: { kind: 'text', value: 'N', help: 'how many times it may be handed on (default: 0)' },
    ...WORKLOAD_OPTIONS,
    ...AUTHORITY_OPTIONS,
    ...WALLET_OPTIONS,
    ...OPERATOR_OPTIONS,
    ...PASSPHRASE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  example:
    "behalf enrol did:key:z6Mk… --for alice --allow 'GET https://api.example.com/issues/**' --max-minutes 10",
  run: enrol,
}

async function enrol(context: CommandContext): Promise<void> {
  const files = readWorkloadFiles(context.args)
  if (files) await enrolWorkload(context, files)
  else await enrolAgent(context)
}

async function enrolAgent(context: CommandContext): Promise<void> {
  const { io, args, output } = context
  const named = args.optionalArgument('AGENT')
  if (named === undefined)
    throw usageError('AGENT is missing', 'give the DID of the agent, or --workload-token')
  const agent = parseAgentDid(named)
  const onBehalfOf = readPrincipal(args)
  const capabilities = await requireCapabilities(io, args)
  const minutes = args.count('max-minutes', { min: 1, max: MAX_MINUTES })
  if (minutes === undefined) {
    throw usageError('--max-minutes is missing')
  }
  const depth = args.count('depth', { min: 0, max: MAX_DEPTH })
  const authority = await openAuthority(context)
  const enrolment = await authority.enrol({
    agent,
    onBehalfOf,
    capabilities,
    maxSeconds: minutes * 60,
    ...(depth === undefined ? {} : { maxDelegationDepth: depth }),
  })
  output.answer({ id: enrolment.id, agent, on_behalf_of: onBehalfOf, max_seconds: enrolment.maxSeconds }, [
    `${output.strong('Enrolled.')} ${agent} may have, for up to ${describeSeconds(enrolment.maxSeconds)}:`,
    ...describeCapabilities(enrolment.capabilities).map((line) => `  ${line}`),
    `The enrolment is ${plain(enrolment.id)}.`,
  ])
}
