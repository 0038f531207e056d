import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { verifyEd25519 } from '../src/ed25519.ts'
import { decodeHex, encodeHex } from '../src/hex.ts'
import { createEd25519Signer } from '../src/signer.ts'
import { encodeUtf8 } from '../src/utf8.ts'

const SEED_HEX = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'
const SEED = decodeHex(SEED_HEX)
const MESSAGE = encodeUtf8('a message')

test('signs for its public key', async () => {
  const signer = createEd25519Signer(SEED)
  expect(encodeHex(signer.publicKey)).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a')
  expect(verifyEd25519(signer.publicKey, MESSAGE, await signer.sign(MESSAGE))).toBe(true)
})

test('does not depend on the seed array after it was created', async () => {
  const seed = SEED.slice()
  const signer = createEd25519Signer(seed)
  seed.fill(0)
  expect(verifyEd25519(createEd25519Signer(SEED).publicKey, MESSAGE, await signer.sign(MESSAGE))).toBe(true)
})

test('the public key it shows is a copy', () => {
  const signer = createEd25519Signer(SEED)
  signer.publicKey.fill(0)
  expect(signer.publicKey).toEqual(createEd25519Signer(SEED).publicKey)
})

test('cannot be changed', () => {
  const signer = createEd25519Signer(SEED)
  expect(Object.isFrozen(signer)).toBe(true)
  expect(() => Object.assign(signer, { sign: () => Promise.resolve(new Uint8Array(64)) })).toThrow(TypeError)
})

test('there is no way to name another public key while signing', async () => {
  const signer = createEd25519Signer(SEED)
  // @ts-expect-error a second argument does not exist
  const signature = await signer.sign(MESSAGE, new Uint8Array(32))
  expect(signature).toEqual(await signer.sign(MESSAGE))
})

describe('the seed is nowhere to be seen', () => {
  const signer = createEd25519Signer(SEED)

  test('inspect says redacted, however deep it looks', () => {
    expect(inspect(signer)).toBe('Ed25519Signer [redacted]')
    expect(inspect({ signer })).toContain('Ed25519Signer [redacted]')
    expectNoSeed(inspect(signer, { showHidden: true, depth: null, getters: true, customInspect: false }))
    expectNoSeed(inspect(Object.getOwnPropertyDescriptors(signer), { showHidden: true, depth: null }))
  })

  test('JSON says redacted', () => {
    expect(JSON.stringify({ signer })).toBe('{"signer":"[redacted]"}')
  })

  test('structuredClone throws', () => {
    expect(() => structuredClone(signer)).toThrow(/could not be cloned/)
  })

  test('a spread copy does not have it either', () => {
    expectNoSeed(JSON.stringify(Object.entries({ ...signer }).map(([name, value]) => [name, String(value)])))
  })

  test('nothing reachable from the signer holds it', () => {
    for (const value of reachableFrom(signer)) {
      if (value instanceof Uint8Array) expect(encodeHex(value)).not.toContain(SEED_HEX)
      if (typeof value === 'string') expectNoSeed(value)
    }
  })

  test('an error of signing does not tell it', async () => {
    // @ts-expect-error what a caller without types may pass
    const error: unknown = await signer.sign(undefined).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Error)
    expectNoSeed(inspect(error, { showHidden: true, depth: null }))
  })
})

describe('a wrong seed is a TypeError that does not repeat it', () => {
  test.each([0, 31, 33, 64])('of %i bytes', (length) => {
    const seed = new Uint8Array(length)
    seed.set(SEED.subarray(0, length))
    const error = catchError(() => createEd25519Signer(seed))
    expect(error).toEqual(new TypeError('The seed must be a Uint8Array of 32 bytes'))
    expectNoSeed(inspect(error, { showHidden: true, depth: null }))
  })

  test('of text', () => {
    // @ts-expect-error what a caller without types may pass
    const error = catchError(() => createEd25519Signer(SEED_HEX))
    expect(error).toBeInstanceOf(TypeError)
    expectNoSeed(inspect(error, { showHidden: true, depth: null }))
  })
})

function expectNoSeed(text: string): void {
  const base64 = Buffer.from(SEED).toString('base64')
  const spellings = [SEED_HEX, base64.slice(0, 40), Buffer.from(SEED).toString('base64url').slice(0, 40)]
  const numbers = SEED.subarray(0, 8).join(', ')
  for (const spelling of [...spellings, numbers, SEED_HEX.slice(0, 16), '<Buffer 9d 61'])
    expect(text).not.toContain(spelling)
}

function reachableFrom(root: unknown): Set<unknown> {
  const seen = new Set<unknown>()
  const waiting = [root]
  for (const value of waiting) {
    if (seen.has(value)) continue
    seen.add(value)
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) continue
    for (const key of Reflect.ownKeys(value)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(value, key)
      waiting.push(descriptor?.value, descriptor?.get, descriptor?.set)
    }
    if (seen.size < 2_000) waiting.push(Object.getPrototypeOf(value))
  }
  return seen
}

function catchError(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    return error
  }
}
