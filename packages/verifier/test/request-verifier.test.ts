import { describe, expect, test } from 'vitest'
import { agentC, issuer } from './support/agents.ts'
import { makeRequest } from './support/b0.ts'
import { ITEMS, makeChain } from './support/chain.ts'
import { codeOf, makeWorld } from './support/world.ts'

describe('the baseline request', () => {
  test('is accepted and says who acts on whose behalf', async () => {
    const world = makeWorld()
    const request = await makeRequest(await makeChain())
    const verified = await world.verifier.verify(request)
    expect(verified.principal).toEqual({ issuer: issuer.did, id: 'person-7', tenant: 'acme' })
    expect(verified.agent).toBe(agentC.did)
    expect(verified.chain.links).toHaveLength(3)
    expect(verified.capability).toEqual(ITEMS)
    expect(verified.body).toEqual(request.body)
  })

  test('is accepted once', async () => {
    const world = makeWorld()
    const request = await makeRequest(await makeChain())
    expect(await codeOf(request, world)).toBe('ok')
    expect(await codeOf(request, world)).toBe('nonce_replayed')
  })
})
