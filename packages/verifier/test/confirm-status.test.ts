import { describe, expect, test, vi } from 'vitest'
import type { Fetch } from '../src/capped-fetch.ts'
import { createConfirmer } from '../src/confirm-status.ts'
import type { IssuerStatus } from '../src/issuer-status.ts'
import { createTestTimers } from './support/test-timers.ts'

type Call = { readonly url: string } & Parameters<Fetch>[1]

function world(held: number | undefined, answer: () => Response | Promise<Response>) {
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
