import { describe, expect, test } from 'vitest'
import { createDpopNonces } from '../src/index.ts'
import { NOW } from './support/actors.ts'

const secret = new Uint8Array(32).fill(1)
const nonces = createDpopNonces({ secret, lifetimeSeconds: 60 })
// A stretch of a minute begins here.
const START = Math.floor(NOW / 60_000) * 60_000

describe('createDpopNonces', () => {
  test('takes what it gave out for one to two lifetimes', () => {
    const nonce = nonces.issue(START + 59_999)
    expect(nonces.issue(START)).toBe(nonce)
    expect(nonces.issue(START + 60_000)).not.toBe(nonce)
    expect(nonces.isCurrent(nonce, START)).toBe(true)
    expect(nonces.isCurrent(nonce, START + 119_999)).toBe(true)
    expect(nonces.isCurrent(nonce, START + 120_000)).toBe(false)
    expect(nonces.isCurrent(nonce, START - 1)).toBe(false)
  })

  test('does not take what somebody else made, or nothing', () => {
    const other = createDpopNonces({ secret: new Uint8Array(32).fill(2), lifetimeSeconds: 60 })
    const nonce = nonces.issue(START)
    const changed = nonce.replace(/^./u, (first) => (first === 'A' ? 'B' : 'A'))
    for (const foreign of [other.issue(START), changed, `${nonce}A`, '']) {
      expect(nonces.isCurrent(foreign, START)).toBe(false)
    }
  })

  test('is the same with the same secret, which may be overwritten', () => {
    const shared = secret.slice()
    const replica = createDpopNonces({ secret: shared, lifetimeSeconds: 60 })
    shared.fill(0)
    expect(replica.isCurrent(nonces.issue(START), START)).toBe(true)
  })

  test('wants a secret and a lifetime', () => {
    expect(() => createDpopNonces({ secret: new Uint8Array(31) })).toThrow(TypeError)
    for (const lifetimeSeconds of [0, -1, Number.NaN, Infinity]) {
      expect(() => createDpopNonces({ secret, lifetimeSeconds })).toThrow(TypeError)
    }
    const issued = createDpopNonces({ secret }).issue(NOW)
    expect(createDpopNonces({ secret }).isCurrent(issued, NOW + 120_000)).toBe(true)
  })
})
