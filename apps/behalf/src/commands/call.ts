import { BehalfError } from '@behalf/core'
import type { AgentContext } from '@behalf/wallet'
import { readAnswer } from '../api-answer.ts'
import { readBody, readHeaders } from '../api-request.ts'
import type { Arguments } from '../arguments.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { CommandError, usageError } from '../error.ts'
import { WALLET_OPTIONS } from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { openAgentWallet } from '../wallets.ts'

const CONTEXT_MEMBERS: readonly string[] = ['run', 'model', 'tool', 'call', 'prompt']
// A request of these methods has no body that means anything, and fetch sends none.
const WITHOUT_BODY: readonly string[] = ['GET', 'HEAD']

/** `behalf call` */
export const command: Command = {
  usage: 'METHOD URL [options]',
  about:
    'Sends one request, signed by the agent under a delegation of its wallet: the one named, else the newest that allows the request. Prints the body of the answer, and its status on stderr. Redirects are shown, not followed.',
  positionals: ['METHOD', 'URL'],
  options: {
    data: { kind: 'text', value: 'TEXT', help: 'the body; @FILE reads a file, @- standard input' },
    header: { kind: 'list', value: "'NAME: VALUE'", help: 'a header to send' },
    delegation: { kind: 'text', value: 'ID', help: 'the delegation to present' },
    context: {
      kind: 'list',
      value: 'KEY=TEXT',
      help: 'what to say about the call: run, model, tool, call, prompt',
    },
    ...WALLET_OPTIONS,
    ...PASSPHRASE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  example: 'behalf call POST https://api.example.com/issues/7/comments --data \'{"text":"Seen."}\'',
  run: call,
}

async function call(context: CommandContext): Promise<void> {
  const { io, args, output } = context
  const method = readMethod(args)
  const delegation = args.text('delegation')
  const agentContext = readContext(args)
  const headers = readHeaders(args.list('header'))
  const body = await readBody(io, args.text('data'))
  if (body !== undefined && !headers.has('content-type')) {
    headers.set('content-type', body.contentType)
  }
  const wallet = await openAgentWallet(context)
  const url = readUrl(args)
  const response = await inOwnWords(new URL(url), delegation, () =>
    wallet.fetch(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body: body.bytes }),
      ...(delegation === undefined ? {} : { delegation }),
      ...(agentContext === undefined ? {} : { context: agentContext }),
    }),
  )
  const answer = await readAnswer(response)
  output.note(answer.statusLine)
  if (answer.failure !== undefined) {
    if (!output.json) answer.writeBody(io.stdout)
    throw answer.failure
  }
  if (output.json) output.answer(answer.document, [])
  else answer.writeBody(io.stdout)
}

function readMethod(args: Arguments): string {
  const method = args.argument('METHOD')
  if (!/^[A-Z]{1,20}$/.test(method) || ['CONNECT', 'TRACE', 'TRACK'].includes(method)) {
    throw usageError(
      `${JSON.stringify(method)} is not a method that can be sent`,
      'write it in capitals: GET, POST …',
    )
  }
  if (WITHOUT_BODY.includes(method) && args.text('data') !== undefined) {
    throw usageError(`a ${method} request carries no body`, 'leave out --data, or use another method')
  }
  return method
}

function readUrl(args: Arguments): string {
  const url = args.argument('URL')
  if (!URL.canParse(url)) {
    throw new CommandError('input_invalid', `${JSON.stringify(url)} is not a URL`, {
      next: 'write it in full, like https://api.example.com/issues/7',
    })
  }
  return url
}

function readContext(args: Arguments): AgentContext | undefined {
  const members = args.list('context').map(parseContextMember)
  if (members.length === 0) {
    return undefined
  }
  const named = new Map(members)
  if (named.size !== members.length) {
    throw usageError('a member of --context is given twice', 'give each once')
  }
  return Object.fromEntries(named)
}

function parseContextMember(text: string): [string, string] {
  const separator = text.indexOf('=')
  const name = text.slice(0, Math.max(separator, 0))
  const value = text.slice(separator + 1)
  if (!CONTEXT_MEMBERS.includes(name) || value === '') {
    throw usageError(
      `--context ${JSON.stringify(text)} says nothing that is known`,
      'write --context tool=search; known are run, model, tool, call and prompt',
    )
  }
  return [name, value]
}

/** The wallet speaks to programs: it answers wrong arguments with a TypeError, and names functions to call. */
async function inOwnWords<T>(
  { origin }: URL,
  delegation: string | undefined,
  send: () => Promise<T>,
): Promise<T> {
  try {
    return await send()
  } catch (cause) {
    if (cause instanceof TypeError) {
      throw new CommandError('input_invalid', cause.message, { cause })
    }
    if (delegation === undefined && cause instanceof BehalfError && cause.code === 'credential_missing') {
      throw new CommandError('credential_missing', `the wallet holds no unexpired delegation for ${origin}`, {
        cause,
      })
    }
    throw cause
  }
}
