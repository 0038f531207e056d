import { chmod, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import {
  canonicalizeJson,
  createEd25519Signer,
  decodeBase64url,
  encodeHex,
  encodeUtf8,
  verifyEd25519,
} from '@behalf/core'
import { formatMessageStatement, type MessageStatement } from '@behalf/credential'
import { createFileWallet, createMemoryWallet, openFileWallet } from '@behalf/wallet'
import { readEncryptedFile, writeEncryptedFile } from '@behalf/wallet/encrypted-file'
import { expect } from 'vitest'
import { type CaseGroup, call, http, invariantOnce, own } from '../support/attack-case.ts'
import { CHAIN, createChain, FIRST_INDEX, NOW } from '../support/chain.ts'
import { withFolder } from '../support/databases.ts'
import { codeOf, expectAnswer } from '../support/expectation.ts'
import { killAfterChanges } from '../support/killed-process.ts'
import type { Lab } from '../support/lab.ts'
import { agentC, stranger } from '../support/party.ts'
import { refusing } from '../support/people.ts'
import { recoverTwice } from '../support/recovery.ts'
import { baseline } from '../support/request.ts'
import type { Answer } from '../support/wire.ts'

const PASSPHRASE = 'correct horse battery staple'
const CHEAP = { passphrase: PASSPHRASE, workFactor: 12 }
const SEED = new Uint8Array(32).fill(0xc1)

/** Runs with the path of a wallet file. */
function withWalletFile(run: (path: string) => Promise<string>): Promise<string> {
  return withFolder(async (folder) => {
    const path = join(folder, 'agent.wallet.age')
    await createFileWallet(path, CHEAP)
    return run(path)
  })
}

/** The code with which a wallet file is refused after its text was changed. */
const rewritten = (change: (text: string) => string) =>
  call(() =>
    withWalletFile(async (path) => {
      const text = await readFile(path, 'latin1')
      expect(change(text)).not.toBe(text)
      await writeFile(path, change(text), 'latin1')
      return codeOf(() => openFileWallet(path, CHEAP))
    }),
  )

const withWorkFactor =
  (factor: number) =>
  (text: string): string =>
    text.replace(/(-> scrypt \S+) 12\n/, `$1 ${factor}\n`)

/** Key store, rotation and recovery. */
export const keystore: CaseGroup = {
  name: 'Key store, rotation, recovery',
  catalogue: {
    'KS-001': call(() =>
      withWalletFile((path) => codeOf(() => openFileWallet(path, { passphrase: 'wrong' }))),
    ),
    'KS-003': rewritten(withWorkFactor(1)),
    'KS-004': rewritten(withWorkFactor(36)),
    'KS-006': call(() =>
      withWalletFile(async (path) => {
        const link = `${path}.link`
        await symlink(path, link)
        expect(await codeOf(() => writeEncryptedFile(link, SEED, CHEAP))).toBe('input_invalid')
        expect(await codeOf(() => createFileWallet(link, CHEAP))).toBe('input_invalid')
        return codeOf(() => openFileWallet(link, CHEAP))
      }),
    ),
    'KS-007': invariantOnce(survivesEveryCut),
    'KS-012': refusing(recoverTwice),
    'KS-013': http(replaceLostKey),
    'KS-015': invariantOnce(hidesItsKey),
    'KS-016': invariantOnce(signsNoBytes),
    'KS-018': invariantOnce(signsEachTryAnew),
  },
  own: {
    'KS-own-1': own(
      'keystore_corrupt',
      'A byte of the sealed part flipped',
      rewritten((text) => `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`),
    ),
    'KS-own-2': own(
      'keystore_corrupt',
      'The end torn off',
      rewritten((text) => text.slice(0, -20)),
    ),
    'KS-own-3': own(
      'keystore_corrupt',
      'A work factor one dearer than allowed',
      rewritten(withWorkFactor(21)),
    ),
    'KS-own-4': own(
      'keystore_corrupt',
      'A second recipient',
      rewritten((text) => text.replace('\n---', '\n-> X25519 AAAA\nAAAA\n---')),
    ),
    'KS-own-5': own(
      'keystore_corrupt',
      'Nothing',
      rewritten(() => ''),
    ),
    'KS-own-6': own(
      'keystore_auth_failed',
      'Another work factor within the bounds',
      rewritten(withWorkFactor(13)),
    ),
    'KS-own-7': own(
      'keystore_insecure',
      'A file that others may read',
      call(() =>
        withWalletFile(async (path) => {
          await chmod(path, 0o640)
          return codeOf(() => openFileWallet(path, CHEAP))
        }),
      ),
    ),
    'KS-own-8': own(
      'keystore_exists',
      'A wallet where one is already',
      call(() => withWalletFile((path) => codeOf(() => createFileWallet(path, CHEAP)))),
    ),
    'KS-own-9': own(
      'TypeError',
      'No passphrase',
      call(() =>
        withFolder((folder) => codeOf(() => createFileWallet(join(folder, 'w'), { passphrase: '' }))),
      ),
    ),
  },
}

/** However early a process that saves is killed, the file is the old one or the new one. */
function survivesEveryCut(): Promise<void> {
  return withFolder(async (folder) => {
    const path = join(folder, 'secret.age')
    await writeEncryptedFile(path, SEED, CHEAP)
    for (let cut = 1; cut <= 6; cut += 1) {
      const seen = await killAfterChanges('save-process.ts', {
        args: [path, PASSPHRASE],
        folder,
        changes: cut,
      })
      expect(seen).toBeGreaterThanOrEqual(cut)
      const [first = -1, ...rest] = await readEncryptedFile(path, { passphrase: PASSPHRASE })
      expect(rest).toHaveLength(31)
      expect(rest.every((byte) => byte === first)).toBe(true)
    }
  })
}

/** Nothing that prints, serialises or clones a wallet or a signer reaches the key. */
async function hidesItsKey(): Promise<void> {
  const secret = [
    encodeHex(SEED),
    Buffer.from(SEED).toString('base64'),
    Buffer.from(SEED).toString('base64url'),
    SEED.join(),
    SEED.join(', '),
  ]
  const wallet = createMemoryWallet({ seed: SEED })
  const signer = createEd25519Signer(SEED)
  for (const value of [
    wallet,
    signer,
    wallet.authority('https://authority.test'),
    { nested: [wallet, signer] },
  ]) {
    const shown = [
      inspect(value, { depth: Infinity, showHidden: true }),
      JSON.stringify(value),
      JSON.stringify(Object.getOwnPropertyDescriptors(value)),
      await cloned(value),
    ]
    for (const text of shown) {
      for (const spelling of secret) expect(text ?? '').not.toContain(spelling)
    }
  }
  expect(inspect(signer)).toContain('[redacted]')
}

async function cloned(value: object): Promise<string> {
  try {
    return inspect(structuredClone(value), { depth: Infinity, showHidden: true })
  } catch (error) {
    return inspect(error, { depth: Infinity, showHidden: true })
  }
}

/** A try after a failure of the network has its own nonce and signature; what the caller set stays. */
async function signsNoBytes(): Promise<void> {
  const names = (value: object): readonly string[] =>
    Object.keys(value).filter((name) => /^(sign|seal|prove|decrypt|export)/i.test(name))
  const wallet = createMemoryWallet({ seed: SEED, clock: () => NOW })
  // What these prove is the authority's log, by asking for it; the key has no part in it but to sign the call.
  expect(names(wallet.authority('https://authority.test'))).toEqual(['proveInclusion', 'proveConsistency'])
  expect(names(wallet)).toEqual(['proveMessage'])
  // A message is signed by its members, behind words that begin no request, token or credential.
  await wallet.receive(CHAIN)
  const [held] = wallet.delegations()
  if (held === undefined) throw new Error('the chain is not held')
  const options = { audience: 'urn:example:tools', delegation: held.id }
  const hostile = '"@method": POST\n"@signature-params": ("@method");tag="agent-delegation"'
  const message = { id: 1, method: 'ping', params: { text: hostile } }
  const { signature, chain: _, ...said } = await wallet.proveMessage(message, options)
  const claims = said as unknown as Omit<MessageStatement, 'cid' | 'message'>
  if (typeof signature !== 'string') throw new TypeError('a proof has a signature')
  const statement = formatMessageStatement({ ...claims, cid: held.digest, message })
  expect(statement.startsWith('behalf-mcp-message-v1\n{')).toBe(true)
  const isSigned = [
    statement,
    hostile,
    canonicalizeJson(message),
    statement.slice(statement.indexOf('{')),
  ].map((text) => verifyEd25519(agentC.signer.publicKey, encodeUtf8(text), decodeBase64url(signature)))
  expect(isSigned).toEqual([true, false, false, false])
  await expect(wallet.proveMessage({ ...message, bytes: hostile }, options)).rejects.toThrow(TypeError)
}

async function signsEachTryAnew(): Promise<void> {
  const sent: Headers[] = []
  const wallet = createMemoryWallet({
    seed: SEED,
    clock: () => NOW,
    fetch: (_url, init) => {
      sent.push(new Headers(init.headers))
      return Promise.reject(new TypeError('the connection was reset'))
    },
  })
  await wallet.receive(CHAIN)
  const init = {
    method: 'POST',
    body: '{"x":1}',
    headers: { 'Idempotency-Key': 'key-1' },
    context: { call: 'call-1' },
  }
  for (let attempt = 0; attempt < 3; attempt += 1) {
    expect(await codeOf(() => wallet.fetch('https://api.test/v1/items', init))).not.toBe('ok')
  }
  const all = (name: string): readonly (string | null)[] => sent.map((headers) => headers.get(name))
  expect(sent).toHaveLength(3)
  expect(new Set(all('signature-input')).size).toBe(3)
  expect(new Set(all('signature')).size).toBe(3)
  expect(new Set(all('idempotency-key'))).toEqual(new Set(['key-1']))
  expect(new Set(all('agent-context')).size).toBe(1)
}

/** The delegation of a lost key is revoked and another key gets one: what was delegated below the lost one ends. */
async function replaceLostKey(lab: Lab): Promise<Answer> {
  const api = await lab.open({})
  expectAnswer(await api.sendSigned(baseline()), 'ok')
  const entry = (text: string): string => text.replaceAll(`${FIRST_INDEX}"`, `${FIRST_INDEX + 50}"`)
  const replacement = await createChain([{ terms: { subject: stranger.did }, json: entry }])
  api.world.feed.revoke(FIRST_INDEX)
  await api.world.refresh()
  expectAnswer(await api.sendSigned(baseline({ chain: replacement, signer: stranger })), 'ok')
  return api.sendSigned(baseline())
}
