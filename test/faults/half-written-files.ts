import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openAuthorityKeys, replaceOperator } from '@behalf/authority'
import { isJsonObject, type JsonObject, parseJson } from '@behalf/core'
import { openFileWallet } from '@behalf/wallet'
import { readEncryptedFile } from '@behalf/wallet/encrypted-file'
import { openWitnessState } from '../../apps/behalf/src/witness-state.ts'
import { withFolder } from '../attacks/support/databases.ts'
import { SOURCE_OPTIONS } from '../attacks/support/killed-process.ts'
import { Random } from '../fuzz/random.ts'
import { check, checkEqual, type Experiment, type Size } from './experiment.ts'
import { type CutDisk, DISK_CALLS, watchDisk } from './support/cut-disk.ts'
import { parseTrace, readBytes, type SystemCall } from './support/parse-trace.ts'
import { openStorageAuthority, STORAGE_PASSPHRASE } from './support/storage-authority.ts'

/** The process is killed after a call, or the machine loses its power. */
type Fate = 'killed' | 'power cut'

const SEED = 1128
/** Cuts between two steps of the database, of which there are many; between two of anything else each one is tried. */
const DATABASE_CUTS: Readonly<Record<Size, number>> = { long: 150, short: 2 }
/** Every so many calls. */
const STEP: Readonly<Record<Size, number>> = { long: 1, short: 20 }
const PASSPHRASE = { passphrase: STORAGE_PASSPHRASE }
const WORK_FACTOR = { workFactor: 12 }

/** What the process had told of by then. */
type Told = ReadonlyMap<string, JsonObject>

function record(folder: string): readonly SystemCall[] {
  const root = join(folder, 'disk')
  mkdirSync(root)
  const file = join(folder, 'trace')
  const script = join(import.meta.dirname, 'support', 'half-written-process.ts')
  const under = [
    '-f',
    '-y',
    '-qq',
    '-s',
    '1000000',
    '-e',
    `trace=${DISK_CALLS}`,
    '-e',
    'signal=none',
    '-o',
    file,
  ]
  const { status, stderr } = spawnSync(
    'strace',
    [...under, process.execPath, ...SOURCE_OPTIONS, script, root],
    {
      encoding: 'utf8',
    },
  )
  check(status === 0, `everything is written: ${stderr}`)
  return parseTrace(readFileSync(file, 'latin1'))
}

/** A line that the process printed, as it says what it did. */
function readLine({ name, args }: SystemCall): JsonObject | undefined {
  if (!name.startsWith('write') || !args.startsWith('1<')) return undefined
  const line = parseJson(readBytes(args))
  return isJsonObject(line) ? line : undefined
}

/** Puts what is left into a folder of its own. */
async function withImage(disk: CutDisk, root: string, run: (folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    for (const path of disk.folders) mkdirSync(folder + path.slice(root.length), { mode: 0o700 })
    for (const [path, bytes] of disk.files)
      writeFileSync(folder + path.slice(root.length), bytes, { mode: 0o600 })
    await run(folder)
  })
}

/** Opens every file that was begun; each is the old one or the new one, and what was told of is there. */
async function checkFiles(folder: string, told: Told): Promise<void> {
  await checkAuthority(join(folder, 'data'), told)
  if (!told.has('operator')) return
  await checkWitness(join(folder, 'witness', 'state'), told)
  if (told.get('checkpoint')?.['note'] === 'third')
    await checkWallets(join(folder, 'wallets', 'of', 'ana'), told)
}

async function checkAuthority(data: string, told: Told): Promise<void> {
  const keys = await openAuthorityKeys(data, STORAGE_PASSPHRASE, WORK_FACTOR)
  const made = told.get('keys')
  if (made === undefined) return
  checkEqual([keys.issuerDid, keys.created], [made['issuer'], false], 'the keys of an authority')
  const replaced = told.get('operator')
  if (replaced) checkEqual(keys.operatorDid, replaced['operator'], 'a replaced operator')
  const authority = await openStorageAuthority({ folder: data, port: 1 })
  await authority.close()
  if (!told.has('closed') || told.has('witness')) return
  // Cut off at any moment, the same call finishes it; done before or not, there is a wallet for whoever decides.
  const { operatorDid, operatorWalletPath } = await replaceOperator({
    folder: data,
    ...PASSPHRASE,
    ...WORK_FACTOR,
  })
  checkEqual(
    (await openFileWallet(operatorWalletPath, PASSPHRASE)).did,
    operatorDid,
    'the wallet of an operator',
  )
}

async function checkWitness(folder: string, told: Told): Promise<void> {
  const state = await openWitnessState(folder)
  const key = told.get('witness')?.['key']
  if (key === undefined) return
  checkEqual(Buffer.from(state.signer.publicKey).toString('hex'), key, 'the key of a witness')
  checkOldOrNew(await state.read('log'), told.get('checkpoint')?.['note'], 'a checkpoint')
}

async function checkWallets(folder: string, told: Told): Promise<void> {
  const agent = told.get('wallet')?.['agent']
  if (agent !== undefined)
    checkEqual((await openFileWallet(join(folder, 'agent.age'), PASSPHRASE)).did, agent, 'a wallet')
  const kept = join(folder, 'kept.age')
  const text = existsSync(kept)
    ? Buffer.from(await readEncryptedFile(kept, PASSPHRASE)).toString()
    : undefined
  checkOldOrNew(text, told.get('file')?.['text'], 'an encrypted file')
}

const TEXTS = ['first', 'second', 'third']

/** It holds what it was last told to hold, or what follows that; whole. */
function checkOldOrNew(text: string | undefined, last: unknown, what: string): void {
  const place = TEXTS.findIndex((one) => one.repeat(2000) === text)
  check(text === undefined || place !== -1, `${what} is whole`)
  const told = TEXTS.indexOf(String(last))
  check(place === told || place === told + 1, `${what} is the old one or the new one: ${place} after ${told}`)
}

/** Nothing is left lying about by what was carried through. */
function checkTidy(folder: string): void {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  checkEqual(
    names.filter((name) => /\.tmp$|\.new|\.lock/u.test(name)),
    [],
    'no file is left lying about',
  )
}

async function runHalfWrittenFiles(size: Size, progress: (text: string) => void): Promise<string> {
  return withFolder(async (parent) => {
    const calls = record(parent)
    const root = join(parent, 'disk')
    checkTidy(root)
    const disk = watchDisk(root)
    const random = new Random(SEED, 0)
    const told = new Map<string, JsonObject>()
    const isChosen = chooseDatabaseCuts(calls, DATABASE_CUTS[size], random)
    const counts = { killed: 0, 'power cut': 0 }
    for (const [place, call] of calls.entries()) {
      disk.note(call)
      const line = readLine(call)
      if (typeof line?.['step'] === 'string') told.set(line['step'], line)
      const isInDatabase = told.has('keys') && !told.has('closed')
      if (!call.args.includes(root) && line === undefined) continue
      if (isInDatabase ? !isChosen(place) : place % STEP[size] !== 0) continue
      for (const fate of ['killed', 'power cut'] satisfies Fate[]) {
        const left = fate === 'killed' ? disk.kill() : disk.cut(random)
        await withImage(left, root, (folder) => checkFiles(folder, told))
        counts[fate] += 1
      }
      if (counts.killed % 50 === 0) progress(`${counts.killed} places`)
    }
    return `${counts.killed} kills and ${counts['power cut']} power cuts while keys, database, operator, checkpoints, wallet and encrypted files were written, ${calls.length} calls in all; each file the old one or the new one, nothing lost that was told of, everything opens again`
  })
}

/** The database is written by many calls, of which these are tried. */
function chooseDatabaseCuts(
  calls: readonly SystemCall[],
  count: number,
  random: Random,
): (place: number) => boolean {
  const chosen = new Set(Array.from({ length: count * 4 }, () => random.below(calls.length)))
  return (place) => chosen.has(place)
}

/** F-06: a process is killed, or the power is cut, at any moment of writing any file. */
export const halfWrittenFiles: Experiment = {
  name: 'half-written-files',
  about: 'a process is killed, or the power is cut, at any moment of writing any file',
  needs: 'strace',
  run: runHalfWrittenFiles,
}
