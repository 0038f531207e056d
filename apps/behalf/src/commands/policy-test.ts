import { createEd25519Signer, encodeUtf8, sha256 } from '@behalf/core'
import { encodeDidKey } from '@behalf/did'
import {
  checkTerms,
  DEFAULT_VALIDITY,
  describeWorkload,
  evaluatePolicy,
  type PolicyVerdict,
  type Workload,
} from '@behalf/issuer'
import { parseAgentDid } from '../agent-did.ts'
import type { Arguments } from '../arguments.ts'
import { POLICY_OPTION, readPolicy, ZONE_OPTION } from '../authority-policy.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { CommandError, usageError } from '../error.ts'
import { plain } from '../plain-text.ts'
import { readAskedRequest } from '../read-asked-request.ts'
import { readInput } from '../read-input.ts'
import { formatTime } from '../time-words.ts'

/** `behalf policy test` */
export const command: Command = {
  usage: 'FILE [--policy PATH] [options]',
  about:
    'Shows what a policy makes of a request: each part, what suffices for it, by which rule and why; the strictest decides. The file is what is sent to POST /delegation-requests, or what the authority answers about a request; - reads standard input. Nothing is asked and nobody is told.',
  positionals: ['FILE'],
  options: {
    policy: POLICY_OPTION,
    zone: ZONE_OPTION,
    agent: { kind: 'text', value: 'DID', help: 'the agent that asks (default: the one in FILE)' },
    enrolled: { kind: 'flag', help: 'as if the agent were enrolled for all of it' },
    'workload-issuer': {
      kind: 'text',
      value: 'NAME',
      help: 'as if it had proved where it runs, to this issuer (default: what FILE says of it, while that holds)',
    },
    'workload-subject': { kind: 'text', value: 'NAME', help: 'what it is called there' },
    'workload-claim': { kind: 'list', value: 'NAME=VALUE', help: 'what else is remembered of it' },
    at: { kind: 'text', value: 'TIME', help: 'as if it were then, such as 2026-11-28T22:30:00Z' },
    ...COMMON_OPTIONS,
  },
  example: 'behalf policy test request.json --policy house.cedar --at 2026-11-28T22:30:00Z',
  run: test,
}

// A key for files that name none, the same each time; nobody uses it.
const someAgent = (): string =>
  encodeDidKey(createEd25519Signer(sha256(encodeUtf8('behalf policy test'))).publicKey)

async function test({ io, args, output }: CommandContext): Promise<void> {
  const policy = await readPolicy(io, { path: args.text('policy'), zone: args.text('zone') })
  const {
    agent: asking = someAgent(),
    workload: proven,
    ...asked
  } = readAskedRequest(await readInput(io, args.argument('FILE')))
  const agent = parseAgentDid(args.text('agent') ?? asking)
  const now = readTime(args.text('at')) ?? io.clock()
  const enrolled = args.flag('enrolled')
  const terms = checkTerms(asked, DEFAULT_VALIDITY)
  // What was proven tells nothing any more once it has ended.
  const workload = readWorkload(args) ?? (proven && now < proven.validUntil ? proven : undefined)
  const known = { enrolled, covered: enrolled, firstSeen: now, now, ...(workload && { workload }) }
  const { decided, parts } = evaluatePolicy(policy, { agent, terms, ...known })
  const { id, digest, ...decision } = decided
  const as = {
    agent,
    enrolled,
    time: formatTime(now),
    ...(workload && { workload: describeWorkload(workload) }),
  }
  output.answer(
    { ...decision, policy: { id, digest, zone: policy.zone }, as, parts: parts.map(toDocument) },
    [
      `${output.strong(WORDS[decided.decision])} (${decided.decision}), by the policy ${plain(id)}`,
      ...describeWhy(decided.rule === undefined ? [] : [decided.rule], decided.reason),
      '',
      ...parts.flatMap(describePart),
    ],
  )
}

function readWorkload(args: Arguments): Workload | undefined {
  const [issuer, subject] = [args.text('workload-issuer'), args.text('workload-subject')]
  const claims = args.list('workload-claim').map((given) => {
    const [name = '', ...value] = given.split('=')
    if (name === '' || value.length === 0)
      throw usageError(`--workload-claim ${given} has no value`, 'write NAME=VALUE')
    return [name, value.join('=')] as const
  })
  if (issuer !== undefined && subject !== undefined) {
    return { type: 'jwt', issuer, subject, claims: Object.fromEntries(claims) }
  }
  if (issuer === undefined && subject === undefined && claims.length === 0) return undefined
  throw usageError('a workload has an issuer and a subject', 'give --workload-issuer and --workload-subject')
}

const WORDS = {
  'approve-enrolled': 'Approved by itself, for an enrolled agent',
  'ask-one': 'One person is asked',
  'ask-two': 'Two people are asked',
  refuse: 'Refused',
} as const

function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/u.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(time)) return time
  throw new CommandError('input_invalid', `${JSON.stringify(text)} is not a time in UTC`, {
    next: 'write it like 2026-11-28T22:30:00Z',
  })
}

function toDocument({ part, ...verdict }: PolicyVerdict): object {
  return { ...part, ...verdict }
}

function describePart({ part, decision, rules, reason }: PolicyVerdict): string[] {
  const { location, action, path = '', tool } = part
  const what = `${action} ${location}${path}${tool === undefined ? '' : `, tool ${tool}`}`
  return [`  ${decision.padEnd(16)}  ${plain(what)}`, ...describeWhy(rules, reason, 20)]
}

function describeWhy(rules: readonly string[], reason: string | undefined, indent = 2): string[] {
  const space = ' '.repeat(indent)
  const by = rules.length === 0 ? 'no rule permits it' : `by ${rules.join(', ')}`
  return reason === undefined ? [`${space}${by}`] : [`${space}${by}: "${plain(reason)}"`]
}
