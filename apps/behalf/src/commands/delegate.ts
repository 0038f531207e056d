import { access, mkdtemp, rmdir, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseDelegationChain } from '@behalf/credential'
import type { DelegateOptions, DelegationBundle } from '@behalf/wallet'
import { parseAgentDid } from '../agent-did.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { describeDelegation } from '../delegation-words.ts'
import { delegationDocument } from '../documents.ts'
import { CommandError, type CommandErrorOptions } from '../error.ts'
import { AUTHORITY_OPTIONS, chooseAuthority, WALLET_OPTIONS } from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { isSystemError } from '../system-error.ts'
import { BOUND_OPTIONS, CAPABILITY_OPTIONS, readBounds, readCapabilities } from '../terms.ts'
import { openAgentWallet } from '../wallets.ts'

/** `behalf delegate` */
export const command: Command = {
  usage: '--to DID [options]',
  about:
    'Hands a narrower part of a delegation to another agent: at most the same rights, at most the same time, one step less to hand on. The bundle it writes is of use to that agent only, which takes it in with behalf receive.',
  positionals: [],
  options: {
    to: { kind: 'text', value: 'DID', help: 'the agent that gets it' },
    ...CAPABILITY_OPTIONS,
    ...BOUND_OPTIONS,
    purpose: { kind: 'text', value: 'TEXT', help: 'what it is for (default: as above)' },
    parent: {
      kind: 'text',
      value: 'ID',
      help: 'the delegation to hand on (default: the newest that allows it)',
    },
    out: { kind: 'text', value: 'FILE', help: 'write the bundle to a new file instead of standard output' },
    ...AUTHORITY_OPTIONS,
    ...WALLET_OPTIONS,
    ...PASSPHRASE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  example:
    "behalf delegate --to did:key:z6Mk… --allow 'GET https://api.example.com/issues/7' --minutes 2 --out bundle.json",
  run: delegate,
}

async function delegate(context: CommandContext): Promise<void> {
  const { io, args, output } = context
  const options = await readOptions(context)
  const out = args.text('out')
  const file = out === undefined ? undefined : resolve(io.cwd, out)
  if (file !== undefined) await checkWritable(file)
  const wallet = await openAgentWallet(context)
  const bundle = await wallet.delegate(options)
  if (file !== undefined) await writeBundle(file, bundle)
  const { leaf } = parseDelegationChain(bundle.chain)
  const words = describeDelegation(leaf, io.clock())
  if (output.json) {
    output.answer({ delegation: delegationDocument(leaf), file, bundle: { ...bundle } }, words)
    return
  }
  output.note(...words)
  output.answer({}, [
    file === undefined
      ? JSON.stringify(bundle)
      : `The bundle is in ${file}. The other agent runs: behalf receive ${file}`,
  ])
}

async function readOptions({ io, args }: CommandContext): Promise<DelegateOptions> {
  const capabilities = await readCapabilities(io, args)
  const purpose = args.text('purpose')
  const parent = args.text('parent')
  return {
    to: parseAgentDid(args.required('to')),
    ...(capabilities === undefined ? {} : { capabilities }),
    ...readBounds(args),
    ...(purpose === undefined ? {} : { purpose }),
    ...(parent === undefined ? {} : { parent }),
    ...(args.text('authority') === undefined ? {} : { authority: chooseAuthority(io, args) }),
  }
}

/** Before anything is signed: a delegation nobody can write down should not be registered either. */
async function checkWritable(file: string): Promise<void> {
  const exists = await access(file).then(
    () => true,
    () => false,
  )
  if (exists) {
    throw fileExists(file)
  }
  // Tried, because permissions alone do not tell: the disk may be full or mounted to be read only.
  const trial = await mkdtemp(`${file}.`).catch((cause: unknown) => {
    throw unwritable(file, { cause, next: 'choose another --out; nothing was handed on' })
  })
  await rmdir(trial)
}

async function writeBundle(file: string, bundle: DelegationBundle): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(bundle)}\n`, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    if (isSystemError(cause, 'EEXIST')) {
      throw fileExists(file)
    }
    const next = 'choose another --out; the delegation just made can be stopped with behalf revoke'
    throw unwritable(file, { cause, next })
  }
}

function unwritable(file: string, options: CommandErrorOptions): CommandError {
  return new CommandError('folder_unwritable', `the bundle cannot be written to ${file}`, options)
}

function fileExists(file: string): CommandError {
  return new CommandError('file_exists', `there is a file at ${file}`, { next: 'choose another --out' })
}
