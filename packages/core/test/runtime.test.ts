import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { encodeBase64url } from '../src/base64.ts'
import { backend } from '../src/noble-backend.ts'
import { digestSha256 } from '../src/sha256.ts'
import { createEd25519Signer } from '../src/signer.ts'
import { encodeUtf8 } from '../src/utf8.ts'

test('the package loads and answers alike in a runtime without node:crypto', async () => {
  const signer = createEd25519Signer(new Uint8Array(32).fill(7))
  const message = encodeUtf8('portable')
  expect(runWithoutNode()).toMatchObject({
    publicKey: encodeBase64url(signer.publicKey),
    signature: encodeBase64url(await signer.sign(message)),
    verified: true,
    refused: false,
    isKey: true,
    digest: digestSha256(message),
    refusals: Array(4).fill('encoding_malformed'),
  })
})

test('a process that chooses libsodium answers alike, and does not start without it', () => {
  const ordinary = run(['--conditions=behalf-source'])
  const sodium = ['--conditions=behalf-source', '--conditions=behalf-sodium']
  expect(run(sodium)).toEqual(ordinary)
  const withoutIt = [...sodium, '--import', join(SUPPORT, 'hide-sodium.ts')]
  expect(() => run(withoutIt)).toThrow('sodium-native is not installed')
})

test('the portable backend stands alone', () => {
  const pair = backend.createKeyPair(new Uint8Array(32).fill(7))
  expect(backend.satisfiesEquation(pair.publicKey, new Uint8Array(3), pair.sign(new Uint8Array(3)))).toBe(
    true,
  )
  expect(backend.satisfiesEquation(pair.publicKey, new Uint8Array(4), pair.sign(new Uint8Array(3)))).toBe(
    false,
  )
})

const SUPPORT = join(import.meta.dirname, 'support')

function runWithoutNode(): unknown {
  return run(['--conditions=behalf-source', '--import', join(SUPPORT, 'hide-node.ts')])
}

/** What a program prints under these options of Node. */
function run(options: readonly string[]): unknown {
  const args = [...options, join(SUPPORT, 'report-capabilities.ts')]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}
