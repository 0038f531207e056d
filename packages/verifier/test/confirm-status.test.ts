import { createEd25519Signer, type Signer } from '@behalf/core'
import { describe, expect, test, vi } from 'vitest'
import type { Fetch } from '../src/capped-fetch.ts'
import { createConfirmer } from '../src/confirm-status.ts'
import type { IssuerStatus } from '../src/issuer-status.ts'
import { createTestTimers } from './support/test-timers.ts'

type Call = { readonly url: string } & Parameters<Fetch>[1]

function world(held: number | undefined, answer: () => Response | Promise<Response>, signer?: Signer) {
  const calls: Call[] = []
  const timers = createTestTimers()
  const status: Pick<IssuerStatus, 'issuer' | 'heldSequence'> = {
    issuer: { did: 'did:key:z', url: 'https://authority.test/status/heartbeat' },
    heldSequence: () => held,
  }
  const confirm = createConfirmer(status as IssuerStatus, {
    fetch: async (url, init) => {
      calls.push({ url, ...init })
      return answer()
    },
    setTimer: timers.setTimer,
    timeoutSeconds: 3,
    signer,
    clock: () => Date.UTC(2030, 0, 15),
    random: (length) => new Uint8Array(length).fill(7),
  })
  return { calls, timers, confirm }
}

const told = (): Response => new Response('taken')

describe('an issuer that asks', () => {
  test('is told what is held, by the name that it gave', async () => {
    const { calls, timers, confirm } = world(7, told)
    confirm({ type: 'confirm', data: '7' })
    expect(calls).toEqual([])
    confirm({ type: 'subscriber', data: 'reader-1' })
    confirm({ type: 'heartbeat', data: '7' })
    expect(calls).toEqual([])
    confirm({ type: 'confirm', data: '7' })
    expect(calls).toEqual([
      {
        url: 'https://authority.test/status/confirmations',
        method: 'POST',
        redirect: 'error',
        headers: { 'content-type': 'application/json' },
        body: '{"sequence":7,"subscriber":"reader-1"}',
        signal: expect.any(AbortSignal),
      },
    ])
    expect(timers.pending()).toEqual([3000])
    await vi.waitFor(() => expect(timers.pending()).toEqual([]))
  })

  test.each(['8', '0', '07', 'a7', '7a', '7 ', '-7', '', '1234567890123456'])(
    'is not told that %j is held',
    (asked) => {
      const { calls, confirm } = world(7, told)
      confirm({ type: 'subscriber', data: 'reader-1' })
      confirm({ type: 'confirm', data: asked })
      expect(calls).toEqual([])
    },
  )

  test('is told nothing while nothing is held', () => {
    const { calls, confirm } = world(undefined, told)
    confirm({ type: 'subscriber', data: 'reader-1' })
    confirm({ type: 'confirm', data: '1' })
    expect(calls).toEqual([])
  })

  test('that does not take the answer holds nothing up', async () => {
    const { calls, timers, confirm } = world(7, () => new Promise<Response>(() => undefined))
    confirm({ type: 'subscriber', data: 'reader-1' })
    confirm({ type: 'confirm', data: '7' })
    timers.run()
    expect(calls[0]?.signal.aborted).toBe(true)
    const failing = world(7, () => Promise.reject(new Error('gone')))
    failing.confirm({ type: 'subscriber', data: 'reader-1' })
    failing.confirm({ type: 'confirm', data: '7' })
    await vi.waitFor(() => expect(failing.timers.pending()).toEqual([]))
  })
})

describe('an API with a key', () => {
  const key = createEd25519Signer(new Uint8Array(32).fill(3))
  const READERS = 'https://authority.test/status/readers'
  const introductions = (calls: readonly Call[]): readonly Call[] =>
    calls.filter(({ url }) => url === READERS)

  test('says which it is as soon as it reads, signed, once for each stream', async () => {
    const { calls, timers, confirm } = world(7, told, key)
    confirm({ type: 'subscriber', data: 'reader-1' })
    await vi.waitFor(() => expect(calls).toHaveLength(1))
    expect(calls[0]).toMatchObject({ url: READERS, method: 'POST', body: '{"subscriber":"reader-1"}' })
    expect(calls[0]?.headers).toMatchObject({
      'signature-input': expect.stringContaining('"@method" "@target-uri" "content-type" "content-digest"'),
      signature: expect.stringMatching(/^sig=:/u),
    })
    await vi.waitFor(() => expect(timers.pending()).toEqual([]))
    confirm({ type: 'confirm', data: '7' })
    await vi.waitFor(() => expect(timers.pending()).toEqual([]))
    expect(introductions(calls)).toHaveLength(1)
    confirm({ type: 'subscriber', data: 'reader-2' })
    await vi.waitFor(() => expect(introductions(calls)).toHaveLength(2))
  })

  test.each<[string, Signer, () => Response]>([
    ['was not heard', key, () => new Response('', { status: 503 })],
    ['could not sign', { ...key, sign: () => Promise.reject(new Error('away')) }, told],
  ])(
    'that %s says it again when it is asked what it holds, and says what it holds all the same',
    async (_, signer, answer) => {
      const sign = vi.fn((bytes: Uint8Array) => signer.sign(bytes))
      const { calls, timers, confirm } = world(7, answer, { ...signer, sign })
      confirm({ type: 'subscriber', data: 'reader-1' })
      await vi.waitFor(() => expect(sign).toHaveBeenCalledTimes(1))
      await new Promise(setImmediate)
      await vi.waitFor(() => expect(timers.pending()).toEqual([]))
      confirm({ type: 'confirm', data: '7' })
      await vi.waitFor(() => expect(sign).toHaveBeenCalledTimes(2))
      expect(calls.filter(({ url }) => url !== READERS)).toHaveLength(1)
    },
  )
})
