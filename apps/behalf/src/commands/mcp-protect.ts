import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { metricsOption, readMetricsAddress, spellAddress, spellHost } from '../addresses.ts'
import { parseAgentDid } from '../agent-did.ts'
import type { Arguments } from '../arguments.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { CommandError, usageError } from '../error.ts'
import {
  AUTHORITY_OPTIONS,
  behalfHome,
  chooseAuthority,
  isLoopback,
  isProtected,
  parseOrigin,
} from '../locations.ts'
import { readEndpointUrl } from '../mcp/endpoint-url.ts'
import {
  type FrontOptions,
  type FrontReports,
  type ProtectedServer,
  type StartedFront,
  startFront,
} from '../mcp/start-front.ts'
import { plain } from '../plain-text.ts'

const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = 8788
const DEFAULT_SESSIONS = 64

/** `behalf mcp protect` */
export const command: Command = {
  usage: '--issuer DID [options] (--upstream URL | -- COMMAND [ARGUMENT …])',
  about:
    'Stands in front of an MCP server that knows nothing of this, until it is interrupted: a program that speaks MCP on stdin and stdout, or an endpoint elsewhere that nobody else should reach. Each call is verified, held against its delegation, put on record, and ended when the delegation is revoked; the server sees no credential, and in _meta["behalf/caller"] who calls. A program is started once for each session, and once for all calls without one; it has this environment without BEHALF_*. It speaks http: beyond this machine put it behind a proxy with TLS and name the public --url.',
  positionals: [],
  takesRest: true,
  options: {
    issuer: { kind: 'text', value: 'DID', help: 'whose delegations count; behalf serve says it' },
    ...AUTHORITY_OPTIONS,
    upstream: { kind: 'text', value: 'URL', help: 'the endpoint to protect, where it is not a program' },
    url: {
      kind: 'text',
      value: 'URL',
      help: 'where others reach it, as delegations name it (default: http://HOST:PORT/mcp)',
    },
    host: { kind: 'text', value: 'HOST', help: `the address to listen on (default: ${DEFAULT_HOST})` },
    port: { kind: 'text', value: 'N', help: `the port to listen on (default: ${DEFAULT_PORT})` },
    'allow-origin': { kind: 'list', value: 'URL', help: 'pages of this origin may call, too' },
    tokens: { kind: 'flag', help: 'take access tokens of the authority with DPoP, too' },
    report: {
      kind: 'flag',
      help: 'put each decision into the log of the authority, too; behalf api add admits it',
    },
    'record-before-act': { kind: 'flag', help: 'the same, and do nothing before it is there' },
    'max-sessions': {
      kind: 'text',
      value: 'N',
      help: `sessions at once, each with a program of its own (default: ${DEFAULT_SESSIONS})`,
    },
    data: {
      kind: 'text',
      value: 'DIR',
      help: 'where it keeps what it has seen and decided (default: ~/.behalf/mcp-protect)',
    },
    metrics: metricsOption('nobody'),
    ...COMMON_OPTIONS,
  },
  example: 'behalf mcp protect --issuer did:key:z6Mk… --port 8788 -- node server.js --project ACME',
  run: protect,
}

async function protect(context: CommandContext): Promise<void> {
  const { io, output } = context
  const options = readOptions(context)
  const interruption = io.interruption()
  const started = await startFront(io, options)
  try {
    await output.during('Waiting for the status of delegations', () =>
      untilReady(context, { started, interruption }),
    )
    if (!interruption.aborted) {
      answerStarted(context, { started, options })
      await once(interruption, 'abort')
    }
  } finally {
    await started.close()
  }
  output.note('Stopped.')
}

async function untilReady(
  { io }: CommandContext,
  { started, interruption }: { readonly started: StartedFront; readonly interruption: AbortSignal },
): Promise<void> {
  const interrupted = interruption.aborted ? undefined : once(interruption, 'abort')
  await Promise.race([started.knowsStatus, interrupted])
  const milliseconds = started.readyAt - io.clock()
  if (milliseconds > 0 && !interruption.aborted) {
    await io.wait(milliseconds, interruption).catch(() => undefined)
  }
}

function readOptions({ io, args, output }: CommandContext): FrontOptions {
  const server = readServer(args)
  const issuer = parseAgentDid(args.required('issuer'))
  const host = args.text('host') ?? DEFAULT_HOST
  const port = args.count('port', { min: 1, max: 65_535 }) ?? DEFAULT_PORT
  return {
    url: readUrl(args, { host, port }),
    listen: { host, port },
    metrics: readMetricsAddress(args),
    server,
    issuer,
    authority: chooseAuthority(io, args),
    folder: resolve(io.cwd, args.text('data') ?? join(behalfHome(io), 'mcp-protect')),
    allowedOrigins: args.list('allow-origin').map(parseOrigin),
    tokens: args.flag('tokens'),
    reports: readReports(args),
    maxSessions: args.count('max-sessions', { min: 1, max: 10_000 }) ?? DEFAULT_SESSIONS,
    onNote: (text) => output.note(`[server] ${plain(text)}`),
    reportFault: ({ code, message }, requestId) =>
      output.note(
        `[fault] ${plain(message)} (${code})${requestId === undefined ? '' : `, request ${requestId}`}`,
      ),
  }
}

function readServer(args: Arguments): ProtectedServer {
  const upstream = args.text('upstream')
  const [program, ...rest] = args.rest()
  if (upstream !== undefined && program !== undefined) {
    throw usageError('--upstream and a program are two servers', 'give one of them')
  }
  if (program !== undefined) return { kind: 'program', command: program, args: rest }
  if (upstream === undefined) {
    throw usageError(
      'there is no server to protect',
      'give --upstream URL, or -- and the command of a program',
    )
  }
  const url = readEndpointUrl(upstream)
  if (isProtected(new URL(url))) return { kind: 'upstream', url }
  throw new CommandError(
    'input_invalid',
    'everybody on the way to this server reads and alters what it is asked',
    {
      next: 'use https, or run this beside the server: http is for this machine only',
    },
  )
}

function readUrl(args: Arguments, { host, port }: { readonly host: string; readonly port: number }): string {
  const named = args.text('url')
  if (named !== undefined) return readEndpointUrl(named)
  if (isLoopback(spellHost(host))) return readEndpointUrl(`http://${spellAddress({ host, port })}/mcp`)
  throw usageError(
    `on ${JSON.stringify(host)} others reach it under a name it cannot know`,
    'give --url https://mcp.example.com/mcp, the URL of the proxy in front of it',
  )
}

function readReports(args: Arguments): FrontReports {
  if (args.flag('record-before-act')) return 'log_before_act'
  return args.flag('report') ? 'log' : 'here'
}

function answerStarted(
  { output }: CommandContext,
  { started, options }: { readonly started: StartedFront; readonly options: FrontOptions },
): void {
  const { listening, metrics, reporter } = started
  const { url, server, issuer, authority, folder, tokens } = options
  const behind = server.kind === 'upstream' ? server.url : [server.command, ...server.args].join(' ')
  const document = {
    url,
    server:
      server.kind === 'upstream' ? { upstream: server.url } : { command: server.command, args: server.args },
    issuer,
    authority,
    data: folder,
    tokens,
    ...(reporter !== undefined && { reporter }),
    host: listening.host,
    port: listening.port,
    ...(metrics && { metrics: { host: metrics.host, port: metrics.port } }),
    pid: process.pid,
  }
  output.answer(document, [
    `${output.strong('Protected')} at ${url}`,
    `  server   ${plain(behind)}`,
    `  issuer   ${issuer}`,
    `  data     ${folder}`,
    ...(reporter === undefined
      ? []
      : [
          `  reports  signed by ${reporter}; an operator admits it: behalf api add ${reporter} --origin ${new URL(url).origin}`,
        ]),
    ...(metrics ? [`  metrics  http://${spellAddress(metrics)}/metrics, for everybody who reaches it`] : []),
    'Delegations name this URL and its tools. Ctrl-C stops it.',
  ])
}
