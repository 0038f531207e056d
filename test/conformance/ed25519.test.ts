import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEd25519Signer, decodeHex, encodeHex, verifyEd25519 } from '@behalf/core'
import { expect, test } from 'vitest'
import { backend as nobleBackend } from '../../packages/core/src/noble-backend.ts'
import { backend as nodeBackend } from '../../packages/core/src/node-backend.ts'
import { backend as sodiumBackend } from '../../packages/core/src/sodium-backend.ts'
import { createStrictEd25519 } from '../../packages/core/src/strict-ed25519.ts'
import { describeNeeding, vectorsFolder } from '../support/needs.ts'

interface WycheproofFile {
  readonly numberOfTests: number
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string }
    readonly tests: readonly {
      readonly tcId: number
      readonly msg: string
      readonly sig: string
      readonly result: string
    }[]
  }[]
}

interface SpeccheckCase {
  readonly message: string
  readonly pub_key: string
  readonly signature: string
}

interface Speccheck {
  readonly verdict_by_verifier: Readonly<Record<string, string>>
}

const rules = [
  ['the default rule', verifyEd25519],
  ['node:crypto', createStrictEd25519(nodeBackend).verify],
  ['noble', createStrictEd25519(nobleBackend).verify],
  ['libsodium', createStrictEd25519(sodiumBackend).verify],
] as const

describeNeeding('vectors', 'Ed25519 against published vectors', () => {
  test.each(rules)('Wycheproof: 88 valid, 63 invalid, by %s', (_, verify) => {
    const { testGroups, numberOfTests } = readJson<WycheproofFile>('wycheproof_ed25519_test.json')
    const verdicts = testGroups.flatMap(({ publicKey, tests }) =>
      tests.map(({ tcId, msg, sig, result }) => ({
        tcId,
        expected: result,
        actual: verify(decodeHex(publicKey.pk), decodeHex(msg), decodeHex(sig)) ? 'valid' : 'invalid',
      })),
    )
    expect(verdicts).toHaveLength(numberOfTests)
    expect(verdicts.filter(({ expected, actual }) => expected !== actual)).toEqual([])
    expect(verdicts.filter(({ actual }) => actual === 'valid')).toHaveLength(88)
    expect(verdicts.filter(({ actual }) => actual === 'invalid')).toHaveLength(63)
  })

  test.each(rules)('speccheck: the strict table with small-order rejection, by %s', (_, verify) => {
    const cases = readJson<readonly SpeccheckCase[]>('speccheck_cases.json')
    const verdicts = cases.map(({ pub_key, message, signature }) =>
      verify(decodeHex(pub_key), decodeHex(message), decodeHex(signature)) ? 'V' : 'X',
    )
    const table = readJson<Speccheck>('speccheck_expected.json').verdict_by_verifier
    const strict = Object.entries(table).find(([name]) =>
      name.startsWith('RFC8032-strict with small-order rejection'),
    )
    expect(verdicts.join('')).toBe('XXXVXXXXXXXX')
    expect(verdicts.join('')).toBe(strict?.[1])
  })

  test.each(rules)(
    'sign.input: all 128 signatures verify, and none for the next message, by %s',
    (_, verify) => {
      const lines = readSignInput()
      expect(lines).toHaveLength(128)
      for (const { publicKey, message, signature } of lines) {
        expect(verify(publicKey, message, signature)).toBe(true)
        expect(verify(publicKey, Uint8Array.of(...message, 0), signature)).toBe(false)
      }
    },
  )

  test.each([
    ['node:crypto', nodeBackend],
    ['noble', nobleBackend],
  ])('sign.input: keys and signatures are reproduced by %s', (_, backend) => {
    for (const { seed, publicKey, message, signature } of readSignInput()) {
      const pair = backend.createKeyPair(seed)
      expect(encodeHex(pair.publicKey)).toBe(encodeHex(publicKey))
      expect(encodeHex(pair.sign(message))).toBe(encodeHex(signature))
    }
  })

  test('sign.input: the signer reproduces them too', async () => {
    for (const { seed, publicKey, message, signature } of readSignInput()) {
      const signer = createEd25519Signer(seed)
      expect(signer.publicKey).toEqual(publicKey)
      expect(await signer.sign(message)).toEqual(signature)
    }
  })
})

interface SignInputLine {
  readonly seed: Uint8Array
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** Lines of `sk||pk:pk:message:signature||message:`, all in hexadecimal. */
function readSignInput(): readonly SignInputLine[] {
  const lines = readFileSync(path('sign.input'), 'utf8').trimEnd().split('\n')
  return lines.map((line) => {
    const [secret = '', publicKey = '', message = '', signed = ''] = line.split(':')
    return {
      seed: decodeHex(secret.slice(0, 64)),
      publicKey: decodeHex(publicKey),
      message: decodeHex(message),
      signature: decodeHex(signed.slice(0, 128)),
    }
  })
}

function readJson<File>(name: string): File {
  return JSON.parse(readFileSync(path(name), 'utf8'))
}

function path(name: string): string {
  return join(vectorsFolder(), 'ed25519', name)
}
