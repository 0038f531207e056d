import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { decodeUtf8 } from '@behalf/core'
import type { OptionSpecs } from './arguments.ts'
import type { CommandContext } from './command.ts'
import { CommandError, usageError } from './error.ts'

const MAX_PASSPHRASE_BYTES = 4096
// Readable, writable or searchable by everyone, or writable by the group.
const UNSAFE_MODE = 0o027

/** The option that names a file holding the passphrase. */
export const PASSPHRASE_OPTIONS: OptionSpecs = {
  'passphrase-file': {
    kind: 'text',
    value: 'FILE',
    help: 'read the passphrase from a file (else $BEHALF_PASSPHRASE_FILE, $BEHALF_PASSPHRASE, else a prompt)',
  },
}

/** What a passphrase is for, in the words of the prompt. */
export interface PassphrasePurpose {
  readonly what: string
  /** A new passphrase is asked for twice. */
  readonly isNew: boolean
}

/**
 * The passphrase for a file: `--passphrase-file`, `$BEHALF_PASSPHRASE_FILE`, `$BEHALF_PASSPHRASE`, else a hidden prompt.
 * One newline at the end of a file is not part of it.
 *
 * @throws CommandError `keystore_insecure` for a file others may read, `not_found`, `input_invalid` for an empty one,
 *   `usage_invalid` when there is nobody to ask
 */
export async function readPassphrase(context: CommandContext, purpose: PassphrasePurpose): Promise<string> {
  const { io, args } = context
  const file = args.text('passphrase-file') ?? (io.env.BEHALF_PASSPHRASE_FILE || undefined)
  if (file !== undefined) {
    return checkPassphrase(await readPassphraseFile(resolve(io.cwd, file)))
  }
  const inEnvironment = io.env.BEHALF_PASSPHRASE
  if (inEnvironment !== undefined) {
    return checkPassphrase(inEnvironment)
  }
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true) {
    throw usageError(
      `${purpose.what} needs a passphrase and there is no terminal to ask on`,
      'give --passphrase-file FILE, or set BEHALF_PASSPHRASE_FILE or BEHALF_PASSPHRASE',
    )
  }
  return checkPassphrase(await askPassphrase(context, purpose))
}

function checkPassphrase(passphrase: string): string {
  if (passphrase === '') {
    throw new CommandError('input_invalid', 'the passphrase is empty', {
      next: 'give a passphrase that is not',
    })
  }
  return passphrase
}

async function readPassphraseFile(path: string): Promise<string> {
  const cannotRead = (cause: unknown): never => {
    throw new CommandError('not_found', `the passphrase file ${path} cannot be read`, { cause })
  }
  const file = await open(path, 'r').catch(cannotRead)
  try {
    // The open file is asked, not the path: between two looks at a path the file behind it can change.
    const { mode } = await file.stat()
    if ((mode & UNSAFE_MODE) !== 0) {
      throw new CommandError('keystore_insecure', `the passphrase file ${path} is open to others`, {
        next: `run chmod 600 ${path}, and choose a new passphrase if others may have read it`,
      })
    }
    const bytes = await file.readFile().catch(cannotRead)
    return decodePassphrase(bytes, path)
  } finally {
    await file.close()
  }
}

function decodePassphrase(bytes: Uint8Array, path: string): string {
  if (bytes.length > MAX_PASSPHRASE_BYTES) {
    throw new CommandError(
      'input_invalid',
      `${path} holds more than ${MAX_PASSPHRASE_BYTES} bytes: not a passphrase`,
    )
  }
  return decodeUtf8(bytes).replace(/\r?\n$/, '')
}

async function askPassphrase(context: CommandContext, purpose: PassphrasePurpose): Promise<string> {
  const first = await askOnce(
    context,
    purpose.isNew ? `New passphrase for ${purpose.what}` : `Passphrase for ${purpose.what}`,
  )
  if (purpose.isNew && (await askOnce(context, 'The same again')) !== first) {
    throw new CommandError('input_invalid', 'the two passphrases differ', { next: 'run the command again' })
  }
  return first
}

async function askOnce(context: CommandContext, message: string): Promise<string> {
  const { password, isCancel } = await import('@clack/prompts')
  const answer = await password({ message, input: context.io.stdin, output: context.io.stderr })
  if (isCancel(answer)) {
    throw new CommandError('access_denied', 'no passphrase was given', { next: 'run the command again' })
  }
  return answer
}
