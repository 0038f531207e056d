import { access, constants, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import {
  addWitnesses,
  collectTrace,
  nameRun,
  serializeTraceBundle,
  type VerifiedTrace,
  verifyTrace,
  workflowOf,
} from '@behalf/authority/trace'
import { advise } from '../advise.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { CommandError } from '../error.ts'
import { AUTHORITY_OPTIONS, OPERATOR_OPTIONS } from '../locations.ts'
import { chooseLogKey } from '../log-key.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { plain } from '../plain-text.ts'
import { isSystemError } from '../system-error.ts'
import { describeTrace, writeTrace } from '../trace/describe-trace.ts'
import { readWitnessed } from '../trace/read-witnessed.ts'
import { traceDocument } from '../trace/trace-document.ts'
import { openAuthority } from '../wallets.ts'

/** `behalf trace` */
export const command: Command = {
  usage: 'ID [options]',
  about:
    'Tells what the log of an authority has about a request (the Request-Id of an API, or the id of a request for a delegation), a delegation, an enrolment, an agent or a workflow run (RUN, or WORKFLOW/RUN), in order and in words: who asked and why, what the policy said, what the person saw and signed, what was handed on, what was done with it, what was revoked. Every line is proven, or says what is not. With --bundle it writes all of it into one file that anybody checks offline with behalf verify-bundle.',
  positionals: ['ID'],
  options: {
    bundle: { kind: 'text', value: 'FILE', help: 'write records, proofs and evidence into this new file' },
    witness: {
      kind: 'list',
      value: 'DID=PLACE',
      help: 'a witness, and the file or address where it keeps its checkpoint of this log; may be repeated',
    },
    issuer: {
      kind: 'text',
      value: 'DID',
      help: 'the authority whose log it must be (default: the one that answers)',
    },
    ...OPERATOR_OPTIONS,
    ...AUTHORITY_OPTIONS,
    ...PASSPHRASE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  example: 'behalf trace 0195c0de-… --bundle incident.json',
  run: trace,
}

const WHERE_FOUND =
  'give a Request-Id of an API, or an id of behalf list --as-operator; an API must be registered to report'

async function trace(context: CommandContext): Promise<void> {
  const { args, output } = context
  const id = args.argument('ID')
  const trusted = args.text('issuer')
  const file = args.text('bundle')
  const path = file === undefined ? undefined : await checkPlace(resolve(context.io.cwd, file))
  const authority = await openAuthority(context)
  const key = await chooseLogKey(authority, trusted)
  // Read before the log is asked: whatever they saw is in what it shows then.
  const seen = await Promise.all(args.list('witness').map((spelled) => readWitnessed(context.io, spelled)))
  const { bundle: unseen, isCut } = await output.during('Reading the log', () =>
    advise('not_found', WHERE_FOUND, () => collectTrace(authority, id, key)),
  )
  const notes = [...new Set(seen.map(({ note }) => note))]
  const bundle = await addWitnesses(authority, unseen, { key, notes })
  const witnesses = seen.map(({ witness }) => witness)
  const verified = await verifyTrace(bundle, key.name, witnesses)
  if (path !== undefined) await writeBundle(path, serializeTraceBundle(bundle))
  const steps = describeTrace(verified)
  output.answer({ ...traceDocument(verified, steps), complete: !isCut, bundle: path }, [
    ...writeTrace(verified, steps),
    '',
    ...(isCut
      ? ['There is more in the log than is told here, the latest of it: ask about a request or a delegation.']
      : []),
    ...tellWorkflows(verified),
    ...(trusted === undefined
      ? ['Whose log it is was taken from the authority itself: name it with --issuer.']
      : []),
    ...(path === undefined
      ? []
      : [
          `Written to ${path}; check it with: behalf verify-bundle FILE --key ${key.name}${witnesses.map((did) => ` --witness ${did}`).join('')}`,
        ]),
  ])
}

/** Runs of several workflows may have the name that was asked for. */
function tellWorkflows({ about, entries }: VerifiedTrace): readonly string[] {
  const runs = entries
    .flatMap(({ record }) => workflowOf(record) ?? [])
    .filter(({ run }) => about === `run:${run}`)
  const names = [...new Set(runs.flatMap((run) => nameRun(run) ?? []))]
  return names.length < 2
    ? []
    : [`These are runs of several workflows; ask about one of them: ${names.map(plain).join(', ')}`]
}

/** Looked at before anything is asked for: a story that cannot be kept need not be collected. */
async function checkPlace(path: string): Promise<string> {
  const folder = dirname(path)
  const isThere = (place: string, mode?: number): Promise<boolean> =>
    access(place, mode).then(
      () => true,
      () => false,
    )
  if (await isThere(path)) throw fileExists(path)
  if (await isThere(folder, constants.W_OK)) return path
  throw new CommandError('folder_unwritable', `the folder ${folder} is not there, or cannot be written`)
}

async function writeBundle(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    throw isSystemError(cause, 'EEXIST') ? fileExists(path, cause) : cause
  }
}

function fileExists(path: string, cause?: unknown): CommandError {
  return new CommandError('file_exists', `there is a file ${path} already`, { cause })
}
