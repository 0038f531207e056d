import { AuthorityError } from '@behalf/authority'
import { BehalfError } from '@behalf/core'
import type { CommandContext } from './command.ts'
import { CommandError } from './error.ts'
import { readPassphrase } from './passphrase.ts'

/**
 * Does something with the data folder of an authority that does not run, under the passphrase of its keys.
 *
 * @throws CommandError that says what to do when there is no authority in it, it runs, or the passphrase is another's
 */
export async function openStoppedFolder<Result>(
  context: CommandContext,
  folder: string,
  work: (passphrase: string) => Promise<Result>,
): Promise<Result> {
  const passphrase = await readPassphrase(context, { what: `the authority in ${folder}`, isNew: false })
  try {
    return await work(passphrase)
  } catch (cause) {
    throw explain(cause, folder)
  }
}

function explain(cause: unknown, folder: string): unknown {
  if (!(cause instanceof BehalfError)) return cause
  if (cause.code === 'keystore_missing') {
    return new CommandError('keystore_missing', `there is no authority in ${folder}`, {
      next: 'name its data folder with --data',
      cause,
    })
  }
  if (cause.code === 'keystore_auth_failed') {
    return new CommandError('keystore_auth_failed', `the passphrase does not open the keys in ${folder}`, {
      next: 'give the one these keys were made with',
      cause,
    })
  }
  if (cause instanceof AuthorityError && cause.code === 'input_invalid') {
    return new CommandError('input_invalid', cause.message, { next: 'choose with --person', cause })
  }
  return cause
}
