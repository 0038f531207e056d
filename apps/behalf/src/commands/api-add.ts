import { parseAgentDid } from '../agent-did.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { usageError } from '../error.ts'
import { AUTHORITY_OPTIONS, OPERATOR_OPTIONS, parseOrigin } from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { plain } from '../plain-text.ts'
import { openAuthority } from '../wallets.ts'

/** `behalf api add` */
export const command: Command = {
  usage: 'DID --origin URL [--origin URL …] [options]',
  about:
    'Lets an API put its decisions into the log of the authority: DID is the key that its verifier signs reports with, and it may speak for these origins only, instead of those it had before.',
  positionals: ['DID'],
  options: {
    origin: {
      kind: 'list',
      value: 'URL',
      help: 'what the API answers for, as its verifier has it; may be repeated',
    },
    ...AUTHORITY_OPTIONS,
    ...OPERATOR_OPTIONS,
    ...PASSPHRASE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  example: 'behalf api add did:key:z6Mk… --origin https://api.example.com',
  run: add,
}

async function add(context: CommandContext): Promise<void> {
  const { args, output } = context
  const did = parseAgentDid(args.argument('DID'))
  const origins = args.list('origin').map(parseOrigin)
  if (origins.length === 0) throw usageError('--origin is missing', 'give --origin https://api.example.com')
  const authority = await openAuthority(context)
  const api = await authority.registerApi({ did, origins })
  output.answer({ did: api.did, origins: [...api.origins] }, [
    `${output.strong('Registered.')} ${plain(api.did)}`,
    ...api.origins.map((origin) => `  may put on record what ${plain(origin)} decides`),
  ])
}
