import { once } from 'node:events'
import { isAddressRange } from '@behalf/authority'
import { metricsOption, readMetricsAddress, spellAddress, spellHost } from '../addresses.ts'
import type { Arguments } from '../arguments.ts'
import { POLICY_OPTION, readPolicy, ZONE_OPTION } from '../authority-policy.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { readCompanyLogin } from '../company-login.ts'
import { usageError } from '../error.ts'
import { dataFolder, isLoopback, parseOrigin } from '../locations.ts'
import { findPageFolder } from '../page-folder.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { type StartedAuthority, type StartOptions, startAuthority } from '../start-authority.ts'
import { readWorkloadIssuers } from '../workload-issuers.ts'

const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = 8787
const LOGIN_APPROVES = 'dangerously-let-login-approve'

const LOGIN_WARNING =
  'A login approves here, without a passkey: whoever takes over the company login approves as anybody.'

/** `behalf serve` */
export const command: Command = {
  usage: '[options]',
  about:
    'Runs an authority until it is interrupted. The first start makes an issuer key and an operator wallet in the data folder, both encrypted under one passphrase. It speaks http: beyond this machine put it behind a proxy with TLS and name the public --origin.',
  positionals: [],
  options: {
    data: { kind: 'text', value: 'DIR', help: 'the data folder (default: ~/.behalf/authority)' },
    host: { kind: 'text', value: 'HOST', help: `the address to listen on (default: ${DEFAULT_HOST})` },
    port: { kind: 'text', value: 'N', help: `the port to listen on (default: ${DEFAULT_PORT})` },
    origin: { kind: 'text', value: 'URL', help: 'where others reach it (default: http://localhost:PORT)' },
    policy: POLICY_OPTION,
    zone: ZONE_OPTION,
    'oidc-config': {
      kind: 'text',
      value: 'FILE',
      help: 'a JSON file that describes the company login (default: people sign in with passkeys only)',
    },
    [LOGIN_APPROVES]: {
      kind: 'flag',
      help: 'let whoever came from the company login approve without a passkey, which proves nothing later',
    },
    'workload-issuers': {
      kind: 'text',
      value: 'FILE',
      help: 'a JSON file that says whose word on where an agent runs is taken (default: nobody’s)',
    },
    'notice-addresses': {
      kind: 'text',
      value: 'LIST',
      help: 'addresses and ranges of the house that notices may go to, such as 10.1.0.0/16,10.2.3.4 (default: none)',
    },
    metrics: metricsOption('operators who sign only'),
    ...PASSPHRASE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  example: 'behalf serve --data ./authority --port 8787',
  run: serve,
}

async function serve(context: CommandContext): Promise<void> {
  const { io, output } = context
  const options = await readOptions(context)
  const interruption = io.interruption()
  const started = await startAuthority(context, options)
  try {
    if (started.keys.created) output.note(...describeNewKeys(started))
    await waitUntilReady(context, { started, interruption })
    if (!interruption.aborted) answerStarted(context, { started, options })
    if (!interruption.aborted) await untilOver(interruption, started.authority.failure)
  } finally {
    await started.authority.close()
  }
  output.note('Stopped. Everything is in the data folder.')
}

/** Resolves when it is interrupted; a disk that failed ends it too, so that a service manager starts it again. */
async function untilOver(interruption: AbortSignal, failure: AbortSignal): Promise<void> {
  const over = AbortSignal.any([interruption, failure])
  if (!over.aborted) await once(over, 'abort')
  failure.throwIfAborted()
}

async function readOptions({ io, args }: CommandContext): Promise<StartOptions> {
  const host = args.text('host') ?? DEFAULT_HOST
  const port = args.count('port', { min: 1, max: 65_535 }) ?? DEFAULT_PORT
  const oidc = await readCompanyLogin(io, args.text('oidc-config'))
  const metrics = readMetricsAddress(args)
  const dangerouslyLetLoginApprove = args.flag(LOGIN_APPROVES)
  if (dangerouslyLetLoginApprove && !oidc) {
    throw usageError(
      `--${LOGIN_APPROVES} is nothing without a company login`,
      'give --oidc-config FILE, or leave it out',
    )
  }
  return {
    folder: dataFolder(io, args.text('data')),
    host,
    port,
    origin: readOrigin(args, { host, port }),
    workloads: await readWorkloadIssuers(io, args.text('workload-issuers')),
    noticeAddresses: readAddresses(args.text('notice-addresses')),
    policy: await readPolicy(io, { path: args.text('policy'), zone: args.text('zone') }),
    ...(oidc && { oidc, dangerouslyLetLoginApprove }),
    ...(metrics && { metrics }),
  }
}

function readAddresses(list: string | undefined): readonly string[] {
  const addresses = list?.split(',') ?? []
  const wrong = addresses.find((address) => !isAddressRange(address))
  if (wrong === undefined) return addresses
  throw usageError(
    `${JSON.stringify(wrong)} is neither an address nor a range`,
    'give --notice-addresses 10.1.0.0/16,10.2.3.4',
  )
}

function readOrigin(args: Arguments, { host, port }: { host: string; port: number }): string {
  const named = args.text('origin')
  if (named !== undefined) {
    return parseOrigin(named)
  }
  const local = spellHost(host)
  if (!isLoopback(local)) {
    throw usageError(
      `on ${JSON.stringify(host)} others reach it under a name it cannot know`,
      'give --origin https://authority.example.com, the URL of the proxy in front of it',
    )
  }
  // Browsers make passkeys for a name, never for an address.
  return parseOrigin(`http://localhost:${port}`)
}

// A new record of seen nonces cannot know those of the seconds before it, so calls are refused that long.
async function waitUntilReady(
  { io }: CommandContext,
  { started, interruption }: { readonly started: StartedAuthority; readonly interruption: AbortSignal },
): Promise<void> {
  const milliseconds = started.authority.readyAt - io.clock()
  if (milliseconds > 0) {
    await io.wait(milliseconds, interruption).catch(() => undefined)
  }
}

function describeNewKeys({ keys }: StartedAuthority): string[] {
  return [
    'First start: new keys were made, encrypted under your passphrase.',
    `  issuer    ${keys.issuerDid}`,
    `  operator  ${keys.operatorDid}`,
    `  whoever has the operator wallet decides: ${keys.operatorWalletPath}`,
    'Keep the data folder and the passphrase: without both, nothing can be approved or revoked any more.',
    'It takes requests in about five seconds …',
  ]
}

/** Whoever opens it first is the first person, with every role; so it is for one pair of eyes. */
function describeClaim(claimUrl: string | undefined): string[] {
  if (claimUrl === undefined) return []
  return ['Nobody has claimed it yet. Be the first person here, once, at:', `  ${claimUrl}`]
}

function answerStarted(
  { output }: CommandContext,
  { started, options }: { readonly started: StartedAuthority; readonly options: StartOptions },
): void {
  const { keys, listening, metrics, authority } = started
  const { claimUrl } = authority
  const { folder, origin, policy } = options
  const document = {
    origin,
    issuer: keys.issuerDid,
    operator: keys.operatorDid,
    operator_wallet: keys.operatorWalletPath,
    data: folder,
    created: keys.created,
    policy: { id: policy.id, digest: policy.digest },
    ...(options.dangerouslyLetLoginApprove && { login_approves: true }),
    ...(claimUrl !== undefined && { claim_url: claimUrl }),
    host: listening.host,
    port: listening.port,
    ...(metrics && { metrics: { host: metrics.host, port: metrics.port } }),
    pid: process.pid,
  }
  output.answer(document, [
    `${output.strong('The authority runs')} at ${origin}`,
    `  issuer           ${keys.issuerDid}`,
    `  data             ${folder}`,
    `  operator wallet  ${keys.operatorWalletPath}`,
    `  policy           ${policy.id}`,
    ...(findPageFolder() === undefined ? [] : [`  page for people  ${origin}/`]),
    ...(metrics
      ? [`  metrics          http://${spellAddress(metrics)}/metrics, for everybody who reaches it`]
      : []),
    ...(options.dangerouslyLetLoginApprove ? [LOGIN_WARNING] : []),
    ...describeClaim(claimUrl),
    'APIs trust it by its issuer DID. Agents ask with: behalf request. See what is open with: behalf list --as-operator',
    'Ctrl-C stops it.',
  ])
}
