import { BehalfError } from '@behalf/core'
import type { AuthorityClient } from '@behalf/wallet'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { CommandError } from '../error.ts'
import { AUTHORITY_OPTIONS, OPERATOR_OPTIONS } from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { formatTime } from '../time-words.ts'
import { describeTokenKeys, tellTokenKeys } from '../token-key-words.ts'
import { openAuthority } from '../wallets.ts'

/** `behalf token-keys rotate` */
export const command: Command = {
  usage: '[options]',
  about:
    'Lets the next key sign the access tokens of the authority. Nothing breaks meanwhile: the next key was in the JWKS for at least five minutes before, and the last one stays there until its longest token has ended. A new next key is published at once. The keys of delegations are others, and are not touched.',
  positionals: [],
  options: { ...AUTHORITY_OPTIONS, ...OPERATOR_OPTIONS, ...PASSPHRASE_OPTIONS, ...COMMON_OPTIONS },
  example: 'behalf token-keys rotate',
  run: rotate,
}

async function rotate(context: CommandContext): Promise<void> {
  const { output } = context
  const authority = await openAuthority(context)
  const { kid, next } = await rotateKeys(authority)
  const keys = await authority.listTokenKeys()
  output.answer({ kid, next, ...describeTokenKeys(keys) }, [
    output.strong('The next key signs from now on.'),
    ...tellTokenKeys(keys),
  ])
}

async function rotateKeys(authority: AuthorityClient): ReturnType<AuthorityClient['rotateTokenKeys']> {
  try {
    return await authority.rotateTokenKeys()
  } catch (cause) {
    if (!(cause instanceof BehalfError) || cause.code !== 'rate_limited') throw cause
    const keys = await authority.listTokenKeys()
    const from = formatTime(keys.rotatableAt)
    throw new CommandError(
      'rate_limited',
      'the next key was published a moment ago, and not every API has it yet: nothing was changed',
      { next: `rotate again after ${from}`, document: describeTokenKeys(keys), cause },
    )
  }
}
