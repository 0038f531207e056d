import { afterEach, expect, test, vi } from 'vitest'
import { createParty, type Party, signChain } from './bench-world.ts'
import { createBenchVerifier } from './request-cases.ts'
import { nameChain, showChain, signRequest } from './signed-requests.ts'

const calls = vi.hoisted(() => ({ verify: 0 }))

// Every Ed25519 verification of this runtime goes through this one function.
vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>()
  const verify = (...args: Parameters<typeof crypto.verify>): unknown => {
    calls.verify += 1
    return crypto.verify(...args)
  }
  return { ...crypto, verify }
})

afterEach(() => {
  calls.verify = 0
})

const parties = (count: number): readonly Party[] => Array.from({ length: count }, () => createParty())

test.each([1, 2, 3, 4])(
  'a chain of %i that was never seen takes one for each link and one more',
  async (length) => {
    const verifier = await createBenchVerifier()
    const { links, agent } = await signChain(parties(length))
    calls.verify = 0
    await verifier.verify(await signRequest(agent, showChain(links)))
    expect(calls.verify).toBe(length + 1)
  },
)

test('a chain that was verified before takes one, shown or named', async () => {
  const verifier = await createBenchVerifier()
  const { links, agent } = await signChain(parties(3))
  await verifier.verify(await signRequest(agent, showChain(links)))
  for (const presentation of [showChain(links), nameChain(links)]) {
    calls.verify = 0
    await verifier.verify(await signRequest(agent, presentation))
    expect(calls.verify).toBe(1)
  }
})
