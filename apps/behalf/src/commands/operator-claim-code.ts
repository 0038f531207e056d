import { createOperatorCode, type OperatorCode } from '@behalf/authority'
import type { Arguments } from '../arguments.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { dataFolder, parseOrigin } from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { openStoppedFolder } from '../stopped-folder.ts'

const DEFAULT_ORIGIN = 'http://localhost:8787'

/** `behalf operator claim-code` */
export const command: Command = {
  usage: '[options]',
  about:
    'Lets an organisation in again whose operators lost every passkey and every recovery code. For a person who is an operator it gives a recovery code, and enables them; for somebody new, an invitation with every role. Either works once, within a day. The authority must not run meanwhile, and it is told in the record.',
  positionals: [],
  options: {
    data: { kind: 'text', value: 'DIR', help: 'the data folder (default: ~/.behalf/authority)' },
    person: { kind: 'text', value: 'ID', help: 'for whom (default: the one operator there is)' },
    origin: { kind: 'text', value: 'URL', help: `where others reach it (default: ${DEFAULT_ORIGIN})` },
    ...PASSPHRASE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  example: 'behalf operator claim-code --data ./authority --person alice',
  run: createCode,
}

async function createCode(context: CommandContext): Promise<void> {
  const { io, args, output } = context
  const folder = dataFolder(io, args.text('data'))
  const origin = readOrigin(args)
  const person = args.text('person')
  const code = await openStoppedFolder(context, folder, (passphrase) =>
    createOperatorCode({ folder, passphrase, clock: io.clock, ...(person !== undefined && { person }) }),
  )
  if (code.kind === 'unclaimed') {
    output.answer({ kind: code.kind }, [
      'Nobody has claimed this authority yet: behalf serve prints the address where somebody does.',
    ])
    return
  }
  const url = addressOf(origin, code)
  const expires_at = new Date(code.expiresAt).toISOString()
  output.answer({ kind: code.kind, person: code.person, code: code.code, url, expires_at }, [
    ...(code.kind === 'recovery'
      ? [
          `${output.strong(code.person)} makes a new passkey with the code ${output.strong(code.code)}`,
          `  at ${url}`,
        ]
      : [`${output.strong(code.person)} becomes a person with every role at`, `  ${url}`]),
    `once, until ${expires_at}. Start the authority again with: behalf serve`,
  ])
}

function addressOf(origin: string, code: Exclude<OperatorCode, { readonly kind: 'unclaimed' }>): string {
  return code.kind === 'recovery' ? `${origin}/recover` : `${origin}/join#${code.code}`
}

function readOrigin(args: Arguments): string {
  return parseOrigin(args.text('origin') ?? DEFAULT_ORIGIN)
}
