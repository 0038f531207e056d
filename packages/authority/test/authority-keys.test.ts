import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { verifyEd25519 } from '@behalf/core'
import { decodeDidKey } from '@behalf/did'
import { openFileWallet } from '@behalf/wallet'
import { writeEncryptedFile } from '@behalf/wallet/encrypted-file'
import { describe, expect, test } from 'vitest'
import { type AuthorityKeys, openAuthorityKeys } from '../src/index.ts'
import { temporaryFolder } from './support/authority-world.ts'

const PASSPHRASE = 'correct horse battery staple'
const QUICK = { workFactor: 12 }
const refused = (code: string): unknown => expect.objectContaining({ code })

function open(folder: string, passphrase = PASSPHRASE): Promise<AuthorityKeys> {
  return openAuthorityKeys(folder, passphrase, QUICK)
}

describe('the keys of an authority', () => {
  test('are made at the first start and are the same at every later one', async () => {
    const folder = join(temporaryFolder(), 'authority')
    const first = await open(folder)
    const second = await open(folder)
    expect([first.created, second.created]).toEqual([true, false])
    expect(second.issuerDid).toBe(first.issuerDid)
    expect(second.operatorDid).toBe(first.operatorDid)
    expect(first.issuerDid).not.toBe(first.operatorDid)
    const message = new Uint8Array([1, 2, 3])
    const signature = await second.signer.sign(message)
    expect(verifyEd25519(decodeDidKey(first.issuerDid), message, signature)).toBe(true)
  })

  test('come with a wallet for the operator, under the same passphrase', async () => {
    const { operatorDid, operatorWalletPath } = await open(temporaryFolder())
    const wallet = await openFileWallet(operatorWalletPath, { passphrase: PASSPHRASE })
    expect(wallet.did).toBe(operatorDid)
  })

  test('are in files that only their owner reads, and that do not show them', async () => {
    const folder = join(temporaryFolder(), 'authority')
    await open(folder)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    for (const name of ['issuer.age', 'operator.wallet.age']) {
      const path = join(folder, name)
      expect((await stat(path)).mode & 0o777).toBe(0o600)
      const bytes = await readFile(path, 'latin1')
      expect(bytes).toMatch(/^age-encryption\.org\/v1\n/u)
      expect(bytes).not.toContain('seed')
    }
  })

  test('never show themselves', async () => {
    const keys = await open(temporaryFolder())
    const shown = inspect(keys, { depth: 9 }) + JSON.stringify(keys)
    expect(shown).not.toMatch(/seed|privateKey/iu)
  })

  test('do not open with another passphrase', async () => {
    const folder = temporaryFolder()
    await open(folder)
    await expect(open(folder, 'wrong')).rejects.toThrow(refused('keystore_auth_failed'))
  })

  test('need a passphrase', async () => {
    await expect(open(temporaryFolder(), '')).rejects.toThrow(TypeError)
  })

  test('are not replaced when the operator moved the wallet away', async () => {
    const folder = temporaryFolder()
    const first = await open(folder)
    await rm(first.operatorWalletPath)
    const second = await open(folder)
    expect([second.created, second.operatorDid]).toEqual([false, first.operatorDid])
  })

  test('of a first start that was cut off are made to the end at the next', async () => {
    const folder = temporaryFolder()
    const cutOff = await open(folder)
    await rm(join(folder, 'issuer.age'))
    const next = await open(folder)
    expect(next.created).toBe(true)
    expect(next.operatorDid).toBe(cutOff.operatorDid)
  })

  test('that are torn are not taken for new', async () => {
    const folder = temporaryFolder()
    await open(folder)
    const path = join(folder, 'issuer.age')
    const bytes = await readFile(path)
    await writeFile(path, bytes.subarray(0, bytes.length - 5))
    await expect(open(folder)).rejects.toThrow(refused('keystore_corrupt'))
  })

  test.each([
    ['nothing that is JSON', 'seed'],
    [
      'another version',
      `{"version":2,"seed":"${'A'.repeat(43)}","operator":"did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"}`,
    ],
    ['no seed', '{"version":1,"operator":"did:key:z"}'],
    ['no operator', `{"version":1,"seed":"${'A'.repeat(43)}"}`],
    ['an operator that is no key', `{"version":1,"seed":"${'A'.repeat(43)}","operator":"did:key:zNo"}`],
    [
      'a seed that is too short',
      '{"version":1,"seed":"AAAA","operator":"did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"}',
    ],
  ])('are refused when the file opens but holds %s', async (_name, text) => {
    const folder = temporaryFolder()
    await mkdir(folder, { recursive: true })
    const bytes = new TextEncoder().encode(text)
    await writeEncryptedFile(join(folder, 'issuer.age'), bytes, { passphrase: PASSPHRASE, ...QUICK })
    await expect(open(folder)).rejects.toThrow(refused('keys_corrupt'))
  })
})
