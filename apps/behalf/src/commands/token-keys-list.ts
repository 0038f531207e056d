import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { AUTHORITY_OPTIONS, OPERATOR_OPTIONS } from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { describeTokenKeys, tellTokenKeys } from '../token-key-words.ts'
import { openAuthority } from '../wallets.ts'

/** `behalf token-keys list` */
export const command: Command = {
  usage: '[options]',
  about:
    'Lists the keys that sign the access tokens of the authority, as APIs find them in its JWKS: the one that signs, the one that signs next, and those before as long as a token of theirs may hold.',
  positionals: [],
  options: { ...AUTHORITY_OPTIONS, ...OPERATOR_OPTIONS, ...PASSPHRASE_OPTIONS, ...COMMON_OPTIONS },
  example: 'behalf token-keys list',
  run: list,
}

async function list(context: CommandContext): Promise<void> {
  const keys = await (await openAuthority(context)).listTokenKeys()
  context.output.answer(describeTokenKeys(keys), tellTokenKeys(keys))
}
