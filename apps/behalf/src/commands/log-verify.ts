import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  type LogEntry,
  type NoteKey,
  type VerifiedCheckpoint,
  verifyCheckpoint,
  verifyLog,
} from '@behalf/audit-log'
import { encodeUtf8 } from '@behalf/core'
import type { AuthorityClient } from '@behalf/wallet'
import type { OptionSpecs } from '../arguments.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { CommandError } from '../error.ts'
import { AUTHORITY_OPTIONS, chooseAuthority, OPERATOR_OPTIONS } from '../locations.ts'
import { chooseLogKey } from '../log-key.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { plain } from '../plain-text.ts'
import { createProgress } from '../progress.ts'
import { openAgentWallet, openAuthority } from '../wallets.ts'

const AUDITOR_OPTIONS: OptionSpecs = {
  wallet: {
    kind: 'text',
    value: 'NAME',
    help: 'read with the key of this wallet, of an auditor, and not as the operator',
  },
  'wallet-file': { kind: 'text', value: 'PATH', help: 'the same, with the wallet of this file' },
}

/** `behalf log verify` */
export const command: Command = {
  usage: '[--seen FILE …] [options]',
  about:
    'Reads the whole log of an authority and hashes every record again: they are exactly those that its signed checkpoint speaks of. With --seen the log must also still begin as a checkpoint says that somebody kept, such as a witness. Without one, whoever holds the key of the log can have written another.',
  positionals: [],
  options: {
    seen: {
      kind: 'list',
      value: 'FILE',
      help: 'a checkpoint that was kept, as it was signed; may be repeated',
    },
    issuer: {
      kind: 'text',
      value: 'DID',
      help: 'whose log it must be (default: who the authority says it is)',
    },
    ...AUTHORITY_OPTIONS,
    ...OPERATOR_OPTIONS,
    ...AUDITOR_OPTIONS,
    ...PASSPHRASE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  example: 'behalf log verify --seen ~/.behalf/witness/authority.checkpoint',
  run: verify,
}

async function verify(context: CommandContext): Promise<void> {
  const { io, args, output } = context
  const authority = await openLog(context)
  const key = await chooseLogKey(authority, args.text('issuer'))
  const seen = await readSeen(context, key)
  const checkpoint = verifyCheckpoint(await authority.logCheckpoint(), key)
  const onProgress = createProgress(io.stderr, { what: 'Checking the log', total: checkpoint.size })
  await verifyLog({
    checkpoint,
    seen,
    onProgress,
    readEntries: (from, limit) => readPage(authority, from, limit),
  })
  const kept = seen.map(({ size }) => size)
  output.answer({ log: key.name, size: checkpoint.size, seen: kept, checkpoint: checkpoint.note.text }, [
    `${output.strong('The log is whole.')} ${checkpoint.size} records, each as it was signed for.`,
    `  log  ${plain(key.name)}`,
    ...kept.map((size) => `  and it still begins with the ${size} records that were seen before`),
    ...(kept.length === 0 ? ['No checkpoint was given that somebody else kept: see behalf witness.'] : []),
  ])
}

/** The authority, as an operator or as an auditor sees it. */
async function openLog(context: CommandContext): Promise<AuthorityClient> {
  const { io, args } = context
  const isAuditor = Object.keys(AUDITOR_OPTIONS).some((name) => args.text(name) !== undefined)
  if (!isAuditor) return openAuthority(context)
  const origin = chooseAuthority(io, args)
  return (await openAgentWallet(context)).authority(origin)
}

async function readPage(
  authority: AuthorityClient,
  from: number,
  limit: number,
): Promise<readonly LogEntry[]> {
  const entries = await authority.listLogEntries({ from, limit })
  return entries.map(({ index, record }) => ({ index, id: String(index), data: encodeUtf8(record) }))
}

async function readSeen({ io, args }: CommandContext, key: NoteKey): Promise<readonly VerifiedCheckpoint[]> {
  const paths = args.list('seen').map((path) => resolve(io.cwd, path))
  return Promise.all(
    paths.map(async (path) => {
      const note = await readFile(path, 'utf8').catch((cause: unknown) => {
        throw new CommandError('not_found', `the file ${path} cannot be read`, { cause })
      })
      return verifyCheckpoint(note, key)
    }),
  )
}
