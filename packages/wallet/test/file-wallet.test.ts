import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeUtf8 } from '@behalf/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readEncryptedFile, writeEncryptedFile } from '../src/encrypted-file.ts'
import { createFileWallet, type FileWalletOptions, openFileWallet } from '../src/file-wallet.ts'
import { readWorkFactor } from '../src/passphrase-encryption.ts'
import { createWalletFile } from '../src/wallet-file-store.ts'
import { parseWalletState, serializeWalletState, type WalletState } from '../src/wallet-state.ts'
import { expectRefusal } from './support/expect-refusal.ts'
import { createFakeAuthority } from './support/fake-authority.ts'
import { ids } from './support/test-wallet.ts'
import { AGENT, AUTHORITY, createRandom, issueRoot, NOW, READ_ISSUES, SUB_AGENT } from './support/world.ts'

const OPTIONS: FileWalletOptions = { passphrase: 'p', workFactor: 12, clock: () => NOW }

let folder = ''
let path = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'behalf-wallet-'))
  path = join(folder, 'agent.age')
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** The agent of the tests in a file. */
async function createAgentFile(): Promise<void> {
  const state = { seed: AGENT.seed, created: NOW, records: { held: [], issued: [] } }
  await createWalletFile(path, state, OPTIONS)
}

describe('a wallet in a file', () => {
  test('is the same agent when it is opened again', async () => {
    const created = await createFileWallet(path, OPTIONS)
    const opened = await openFileWallet(path, OPTIONS)
    expect(opened.did).toBe(created.did)
    expect((await createFileWallet(join(folder, 'other.age'), OPTIONS)).did).not.toBe(created.did)
  })

  test('keeps what it received, what it passed on, and the evidence', async () => {
    await createAgentFile()
    const options = {
      ...OPTIONS,
      fetch: createFakeAuthority().fetch,
      wait: async () => undefined,
      random: createRandom(),
    }
    const wallet = await openFileWallet(path, options)
    const asked = await wallet.requestDelegation({
      authority: AUTHORITY,
      onBehalfOf: { id: 'employee-4711' },
      capabilities: [READ_ISSUES],
      maxDelegationDepth: 1,
      purpose: 'Summarise',
    })
    await wallet.delegate({ to: SUB_AGENT.did })
    const opened = await openFileWallet(path, OPTIONS)
    expect(opened.delegations()).toEqual([asked])
    expect(opened.delegations()[0]?.evidence).toEqual({ kind: 'operator' })
    expect(opened.issued()).toEqual(wallet.issued())
  })

  test('is one age file of mode 0600 without a readable word', async () => {
    const wallet = await createFileWallet(path, OPTIONS)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readFile(path, 'latin1')).not.toContain(wallet.did)
    expect(await readdir(folder)).toEqual(['agent.age'])
  })

  test('is never created over something that is there', async () => {
    const { did } = await createFileWallet(path, OPTIONS)
    await expectRefusal(createFileWallet(path, OPTIONS), 'keystore_exists')
    expect((await openFileWallet(path, OPTIONS)).did).toBe(did)
  })

  test('keeps its work factor through changes, unless told otherwise', async () => {
    const { passphrase, clock = () => NOW } = OPTIONS
    await createWalletFile(
      path,
      { seed: AGENT.seed, created: NOW, records: { held: [], issued: [] } },
      { passphrase, workFactor: 13 },
    )
    await (await openFileWallet(path, { passphrase, clock })).receive([await issueRoot()])
    expect(readWorkFactor(await readFile(path))).toBe(13)
    await (await openFileWallet(path, { passphrase, clock, workFactor: 12 })).receive([await issueRoot()])
    expect(readWorkFactor(await readFile(path))).toBe(12)
  })

  test.each([
    ['with a wrong passphrase', { passphrase: 'wrong' }, 'keystore_auth_failed'],
    ['that is not there', {}, 'keystore_missing'],
  ] as const)('%s is not opened', async (_name, change, code) => {
    if (code === 'keystore_auth_failed') await createFileWallet(path, OPTIONS)
    await expectRefusal(openFileWallet(path, { ...OPTIONS, ...change }), code)
  })

  test('behind a symbolic link is neither opened nor changed', async () => {
    const real = join(folder, 'real.age')
    await createFileWallet(real, OPTIONS)
    await symlink(real, path)
    await expectRefusal(openFileWallet(path, OPTIONS), 'input_invalid')
    await expectRefusal(createFileWallet(path, OPTIONS), 'input_invalid')
  })

  test('needs a passphrase', async () => {
    await expect(createFileWallet(path, { ...OPTIONS, passphrase: '' })).rejects.toThrow(TypeError)
    expect(await readdir(folder)).toEqual([])
  })
})

describe('several users of one file', () => {
  test('in one process lose nothing of each other', async () => {
    await createAgentFile()
    const [one, two] = [await openFileWallet(path, OPTIONS), await openFileWallet(path, OPTIONS)]
    const roots = await Promise.all(Array.from({ length: 8 }, () => issueRoot()))
    await Promise.all(roots.map((root, index) => (index % 2 === 0 ? one : two).receive([root])))
    const held = (await openFileWallet(path, OPTIONS)).delegations().map(({ chain }) => chain[0])
    expect(held.toSorted()).toEqual(roots.toSorted())
  })

  test('see each other’s delegations after their own next change', async () => {
    await createAgentFile()
    const [one, two] = [await openFileWallet(path, OPTIONS), await openFileWallet(path, OPTIONS)]
    const first = await one.receive([await issueRoot()])
    expect(two.delegations()).toEqual([])
    const second = await two.receive([await issueRoot()])
    expect(ids(two.delegations())).toEqual([second.id, first.id])
  })

  test('in several processes lose nothing of each other', async () => {
    await createAgentFile()
    const children = ['1', '2', '3'].map((name) => startReceiver(4, name))
    const printed = (await Promise.all(children.map(finish))).flat()
    expect(printed).toHaveLength(12)
    expect(ids((await openFileWallet(path, OPTIONS)).delegations()).toSorted()).toEqual(printed.toSorted())
    expect(await readdir(folder)).toEqual(['agent.age'])
  })

  test('go on when one of them is killed, whose finished changes stay', async () => {
    await createAgentFile()
    for (const round of ['4', '5', '6']) {
      const killed = startReceiver(1000, round)
      const printed = collectLines(killed)
      // A child that dies by itself closes its output, and then there is no line to wait for.
      await Promise.race([once(killed.stdout ?? killed, 'data'), once(killed, 'close')])
      expect(killed.exitCode).toBeNull()
      killed.kill('SIGKILL')
      await once(killed, 'close')
      const wallet = await openFileWallet(path, OPTIONS)
      expect(ids(wallet.delegations())).toEqual(expect.arrayContaining(printed))
      const { id } = await wallet.receive([await issueRoot()])
      expect(ids((await openFileWallet(path, OPTIONS)).delegations())).toContain(id)
    }
  })

  test('do not overwrite another wallet that was put in the place of the file', async () => {
    await createAgentFile()
    const wallet = await openFileWallet(path, OPTIONS)
    const other = join(folder, 'other.age')
    const { did } = await createFileWallet(other, OPTIONS)
    await copyFile(other, path)
    await expectRefusal(wallet.receive([await issueRoot()]), 'keystore_corrupt')
    expect((await openFileWallet(path, OPTIONS)).did).toBe(did)
    expect(wallet.delegations()).toEqual([])
  })

  test('do not write when the lock was taken over meanwhile', async () => {
    await createAgentFile()
    const before = await readFile(path)
    const thief = async (): Promise<void> => {
      await writeFile(`${path}.lock`, 'thief 1 another-host')
    }
    const change = (): never => {
      throw new Error('not reached')
    }
    const { store } = await import('../src/wallet-file-store.ts').then(({ openWalletFile }) =>
      openWalletFile(path, OPTIONS),
    )
    const work = store.update((records) => {
      steal = thief()
      return records
    })
    let steal: Promise<void> | undefined
    await expectRefusal(work, 'keystore_locked')
    await steal
    expect(await readFile(path)).toEqual(before)
    await rm(`${path}.lock`)
    await expect(store.update(change)).rejects.toThrow('not reached')
    await store.update((records) => records)
  })
})

describe('the wallet document', () => {
  const state: WalletState = { seed: AGENT.seed, created: NOW, records: { held: [], issued: [] } }
  const document = (): Record<string, unknown> =>
    JSON.parse(Buffer.from(serializeWalletState(state)).toString())

  test('has the members of version 1', () => {
    expect(document()).toEqual({
      version: 1,
      seed: 'AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI',
      created: '2026-10-01T12:00:00.000Z',
      delegations: [],
      issued: [],
    })
    expect(parseWalletState(serializeWalletState(state))).toEqual(state)
  })

  test.each([
    ['another version', { version: 2 }],
    ['no version', { version: undefined }],
    ['a member of a later version', { rotation: {} }],
    ['a short seed', { seed: 'AgIC' }],
    ['a padded seed', { seed: 'AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=' }],
    ['no seed', { seed: undefined }],
    ['no time', { created: 'yesterday' }],
    ['no delegations', { delegations: undefined }],
    ['records that are none', { delegations: [7] }],
    ['a record without a chain', { issued: [{}] }],
    ['a chain of other things', { delegations: [{ chain: [7] }] }],
    ['a chain that is none', { delegations: [{ chain: ['x'] }] }],
  ])('with %s is refused', async (_name, change) => {
    const bytes = encodeUtf8(JSON.stringify({ ...document(), ...change }))
    await expectRefusal(
      Promise.resolve().then(() => parseWalletState(bytes)),
      'keystore_corrupt',
    )
  })

  test('with evidence that is no object is refused', async () => {
    const delegations = [{ chain: [await issueRoot()], evidence: 'x' }]
    const bytes = encodeUtf8(JSON.stringify({ ...document(), delegations }))
    await expectRefusal(
      Promise.resolve().then(() => parseWalletState(bytes)),
      'keystore_corrupt',
    )
  })

  test('that is not JSON is refused without a word of it, also from the file', async () => {
    const secret = 'AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI'
    await writeEncryptedFile(path, encodeUtf8(`{"version":1,"seed":"${secret}"`), OPTIONS)
    const error = await expectRefusal(openFileWallet(path, OPTIONS), 'keystore_corrupt')
    expect(error.cause).toBeUndefined()
    expect(`${error.message}${error.stack}`).not.toContain(secret)
    expect(Buffer.from(await readEncryptedFile(path, OPTIONS)).toString()).toContain(secret)
  })
})

function startReceiver(count: number, name: string): ChildProcess {
  const script = join(import.meta.dirname, 'support', 'receive-many.ts')
  const args = ['--conditions=behalf-source', script, path, String(count), name]
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
}

function collectLines(child: ChildProcess): string[] {
  const lines: string[] = []
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    lines.push(...text.split('\n').filter((line) => line !== ''))
  })
  return lines
}

async function finish(child: ChildProcess): Promise<string[]> {
  const lines = collectLines(child)
  const [code] = await once(child, 'close')
  expect(code).toBe(0)
  return lines
}
