import { join } from 'node:path'
import {
  AuditLogError,
  cosignCheckpoint,
  followCheckpoint,
  NOTHING_SEEN,
  type NoteKey,
  type SeenTree,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from '@behalf/audit-log'
import { BehalfError, decodeBase64 } from '@behalf/core'
import { encodeDidKey } from '@behalf/did'
import { type AuthorityClient, createMemoryWallet, WalletError } from '@behalf/wallet'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { CommandError } from '../error.ts'
import { AUTHORITY_OPTIONS, behalfHome, chooseAuthority } from '../locations.ts'
import { chooseLogKey } from '../log-key.ts'
import { plain } from '../plain-text.ts'
import { surroundings } from '../wallets.ts'
import { openWitnessState, type WitnessState } from '../witness-state.ts'

const DEFAULT_SECONDS = 10
const SILENT: ReadonlySet<string> = new Set([
  'authority_unreachable',
  'authority_response_invalid',
  'audit_proof_invalid',
])
/** Not yet, too early, too often. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429])

/** `behalf witness` */
export const command: Command = {
  usage: '[--once] [options]',
  about:
    'Watches the log of an authority from outside: every checkpoint must hold everything that was seen before, or this ends with audit_fork or audit_gap (exit 1). An authority that does not answer, or through a proxy with an error, is asked again; that is said once, and again when it is back. It signs what it saw and keeps it in its folder, which should not be on the machine of the authority. It needs no key of the authority, and sees hashes only.',
  positionals: [],
  options: {
    once: { kind: 'flag', help: 'look once and end' },
    every: {
      kind: 'text',
      value: 'N',
      help: `seconds from one look to the next (default: ${DEFAULT_SECONDS})`,
    },
    folder: {
      kind: 'text',
      value: 'DIR',
      help: 'where key and checkpoints are kept (default: ~/.behalf/witness)',
    },
    issuer: {
      kind: 'text',
      value: 'DID',
      help: 'whose log it must be (default: who the authority says it is)',
    },
    ...AUTHORITY_OPTIONS,
    ...COMMON_OPTIONS,
  },
  example: 'behalf witness --authority https://authority.example.com --issuer did:key:z6Mk…',
  run: watch,
}

interface Witness {
  readonly context: CommandContext
  readonly authority: AuthorityClient
  readonly key: NoteKey
  readonly state: WitnessState
}

interface Seen {
  readonly checkpoint: VerifiedCheckpoint
  readonly path: string
}

async function watch(context: CommandContext): Promise<void> {
  const { io, args, output } = context
  const seconds = args.count('every', { min: 1, max: 86_400 }) ?? DEFAULT_SECONDS
  const state = await openWitnessState(args.text('folder') ?? join(behalfHome(io), 'witness'))
  const authority = createMemoryWallet(surroundings(io)).authority(chooseAuthority(io, args))
  const witness = { context, authority, state, key: await chooseLogKey(authority, args.text('issuer')) }
  const first = await look(witness)
  output.note(`Witness ${encodeDidKey(state.signer.publicKey)}`, describe(first))
  const last = args.flag('once') ? first : await keepLooking(witness, { seconds, seen: first })
  const { checkpoint, path } = last
  output.answer(
    {
      log: checkpoint.origin,
      size: checkpoint.size,
      witness: encodeDidKey(state.signer.publicKey),
      file: path,
    },
    [`${output.strong('Seen and signed.')} ${checkpoint.size} records; the checkpoint is in ${path}`],
  )
}

async function keepLooking(
  witness: Witness,
  { seconds, seen }: { readonly seconds: number; readonly seen: Seen },
): Promise<Seen> {
  const { io, output } = witness.context
  const interruption = io.interruption()
  let last = seen
  let isSilent = false
  for (;;) {
    await io.wait(seconds * 1000, interruption).catch(() => undefined)
    if (interruption.aborted) return last
    try {
      const next = await look(witness)
      if (isSilent) output.note('The authority answers again.')
      if (next.checkpoint.size > last.checkpoint.size) output.note(describe(next))
      last = next
      isSilent = false
    } catch (error) {
      // Silence is no proof of anything: what the log said before still stands, and it is asked again.
      if (!isSilence(error)) throw error
      if (!isSilent)
        output.note(`The authority does not answer (${describeSilence(error)}); it is asked again.`)
      isSilent = true
    }
  }
}

/** The log holds everything it held before; the checkpoint that says so is signed and on disk. */
async function look({ context, authority, key, state }: Witness): Promise<Seen> {
  const { clock } = context.io
  const known = await state.read(key.name)
  const seen: SeenTree = known === undefined ? NOTHING_SEEN : readKept(known, key)
  const shown = await authority.logCheckpoint()
  const { size } = verifyCheckpoint(shown, key)
  try {
    const proof =
      seen.size > 0 && size > seen.size ? await readProof(authority, { from: seen.size, to: size }) : []
    const checkpoint = followCheckpoint(seen, { checkpoint: shown, proof }, key)
    const { signer } = state
    const by = { name: encodeDidKey(signer.publicKey), signer, time: Math.floor(clock() / 1000) }
    const path = await state.write(key.name, await cosignCheckpoint(checkpoint.note, by))
    return { checkpoint, path }
  } catch (error) {
    if (!(error instanceof AuditLogError) || error.code !== 'audit_fork' || known === undefined) throw error
    const path = await state.writeFork({ seen: known, shown, time: clock() })
    throw new AuditLogError(
      'audit_fork',
      `${error.message}. Both checkpoints, each signed by the log, are in ${path}`,
      {
        cause: error,
      },
    )
  }
}

function readKept(note: string, key: NoteKey): VerifiedCheckpoint {
  try {
    return verifyCheckpoint(note, key)
  } catch (cause) {
    throw new CommandError('input_invalid', 'the folder keeps a checkpoint that the log did not sign', {
      cause,
    })
  }
}

async function readProof(
  authority: AuthorityClient,
  of: { readonly from: number; readonly to: number },
): Promise<readonly Uint8Array[]> {
  try {
    return (await authority.proveConsistency(of)).map(decodeHash)
  } catch (cause) {
    if (!(cause instanceof BehalfError) || cause.code !== 'not_found') throw cause
    throw new AuditLogError('audit_gap', 'The log cannot show that it still holds what was seen before', {
      cause,
    })
  }
}

function decodeHash(text: string): Uint8Array {
  try {
    return decodeBase64(text)
  } catch (cause) {
    throw new WalletError('authority_response_invalid', 'the proof of the log is no list of hashes', {
      cause,
    })
  }
}

/** Whether nobody who can speak for the log said anything: no answer, one that is not the authority's, or "not now". */
function isSilence(error: unknown): error is BehalfError {
  if (!(error instanceof BehalfError)) return false
  const status = statusOf(error) ?? 0
  // Whatever stands under no signature of the log, anybody on the way may have put there.
  return SILENT.has(error.code) || status >= 500 || PASSING.has(status)
}

function describeSilence(error: BehalfError): string {
  const status = statusOf(error)
  return status === undefined ? error.code : `${error.code}, HTTP ${status}`
}

function statusOf(error: BehalfError): number | undefined {
  return error instanceof WalletError ? error.status : undefined
}

function describe({ checkpoint }: Seen): string {
  return `Seen: ${checkpoint.size} records of ${plain(checkpoint.origin)}`
}
