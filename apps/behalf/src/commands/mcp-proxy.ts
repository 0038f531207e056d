import { once } from 'node:events'
import { createMcpTransport, type McpQuestion } from '@behalf/mcp'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { usageError } from '../error.ts'
import { AUTHORITY_OPTIONS, chooseAuthority, WALLET_OPTIONS } from '../locations.ts'
import { readEndpointUrl } from '../mcp/endpoint-url.ts'
import { relayMessages } from '../mcp/relay-messages.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { plain } from '../plain-text.ts'
import { PRINCIPAL_OPTIONS, readPrincipal } from '../principal.ts'
import { openAgentWallet } from '../wallets.ts'

/** `behalf mcp proxy` */
export const command: Command = {
  usage: 'URL [--for ID --purpose TEXT] [options]',
  about:
    'Stands between an MCP client that knows nothing of this and a server that wants proof: speaks MCP on stdin and stdout, as a program that a client starts, and signs each message to the server with the key of the wallet. A tool is called only as long as it is defined as it was approved. With --for and --purpose a right that is lacking is asked for. Everything but MCP goes to stderr.',
  positionals: ['URL'],
  options: {
    ...PRINCIPAL_OPTIONS,
    purpose: {
      kind: 'text',
      value: 'TEXT',
      help: 'ask for rights that are lacking, for this; the person who decides reads it',
    },
    ...AUTHORITY_OPTIONS,
    ...WALLET_OPTIONS,
    ...PASSPHRASE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  example: "behalf mcp proxy https://mcp.example.com/mcp --for alice --purpose 'triage new issues'",
  run: proxy,
}

async function proxy(context: CommandContext): Promise<void> {
  const { io, args, output } = context
  const url = readEndpointUrl(args.argument('URL'))
  const ask = readQuestion(context)
  const wallet = await openAgentWallet(context)
  const interruption = io.interruption()
  const client = new StdioServerTransport(io.stdin, io.stdout)
  const server = createMcpTransport(
    wallet,
    url,
    ({ endpoint, fetch }) => new StreamableHTTPClientTransport(endpoint, { fetch }),
    { clock: io.clock, ...(ask && { ask }) },
  )
  const ended = Promise.race([
    io.stdin.readableEnded || io.stdin.destroyed ? undefined : once(io.stdin, 'end'),
    interruption.aborted ? undefined : once(interruption, 'abort'),
  ])
  const counts = await relayMessages({ client, server, onFailure: (lines) => output.note(...lines) }, ended)
  output.answer({ ...counts }, [])
}

/** Whom to ask for what is lacking; nobody unless the command line says for whom and what for. */
function readQuestion({ io, args, output }: CommandContext): McpQuestion | undefined {
  const purpose = args.text('purpose')
  if (purpose === undefined && args.text('for') === undefined) return undefined
  if (purpose === undefined) throw usageError('--purpose is missing', 'say what the rights are for')
  return {
    authority: chooseAuthority(io, args),
    onBehalfOf: readPrincipal(args),
    purpose,
    onPending: ({ approvalUrl }) =>
      output.note(`A right is lacking. A person can approve it at ${plain(approvalUrl)}`),
  }
}
