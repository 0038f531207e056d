import { createPublicKey } from 'node:crypto'
import { Point } from '@noble/ed25519'
import { beforeEach, expect, test, vi } from 'vitest'
import { isEd25519PublicKey, verifyEd25519 } from '../src/ed25519.ts'
import { createEd25519Signer } from '../src/signer.ts'

vi.mock(import('node:crypto'), { spy: true })
const decode = vi.spyOn(Point, 'fromBytes')

beforeEach(() => {
  vi.clearAllMocks()
})

test('a key in use is decoded once', () => {
  const { publicKey } = createEd25519Signer(new Uint8Array(32).fill(101))
  for (let round = 0; round < 3; round += 1) expect(isEd25519PublicKey(publicKey)).toBe(true)
  expect(decode).toHaveBeenCalledTimes(1)
})

test('a key in use is imported once', async () => {
  const signer = createEd25519Signer(new Uint8Array(32).fill(102))
  const message = Uint8Array.of(1)
  const signature = await signer.sign(message)
  vi.clearAllMocks()
  for (let round = 0; round < 3; round += 1)
    expect(verifyEd25519(signer.publicKey, message, signature)).toBe(true)
  expect(createPublicKey).toHaveBeenCalledTimes(1)
})
