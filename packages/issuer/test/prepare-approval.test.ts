import { decodeBase64url } from '@behalf/core'
import { createApprovalChallenge, renderDelegation } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import type { PrepareApprovalOptions, PreparedApproval } from '../src/index.ts'
import {
  ALICE,
  createParty,
  createWorld,
  READ_ALL,
  READ_ONE,
  START,
  type World,
} from './support/issuer-world.ts'
import { createPerson } from './support/person.ts'

const refused = (code: string, field?: string): unknown =>
  expect.objectContaining({ code, ...(field !== undefined && { field }) })
const alice = createPerson()
const bob = createPerson('bob')

async function prepare(
  world: World,
  changes: Partial<PrepareApprovalOptions> & {
    readonly narrow?: { readonly capabilities: typeof READ_ALL }
  } = {},
): Promise<PreparedApproval> {
  const { narrow, ...options } = changes
  const { id, version } = await world.ask()
  return world.issuer.prepareApproval({
    person: alice.approver,
    requests: [{ id, version, ...(narrow && { narrow }) }],
    ...options,
  })
}

describe('a prepared approval', () => {
  test('is what will be signed, in words, under a challenge', async () => {
    const world = await createWorld()
    const prepared = await prepare(world)
    const { payloads, renderer, sentences, nonce, challenge } = prepared
    expect(prepared).toMatchObject({ needs: 1, given: [], expiresAt: START + 300_000 })
    expect(prepared.requests).toEqual([{ id: [...world.store.state().requests.keys()][0], version: 1 }])
    expect(payloads).toHaveLength(1)
    expect(payloads[0]).toMatchObject({
      issuer: world.authority.did,
      sub: world.agent.did,
      validUntil: '2026-11-24T12:10:00Z',
      credentialStatus: { type: 'BitstringStatusListEntry' },
    })
    expect(sentences).toEqual(payloads.map((payload) => renderDelegation(payload, renderer).sentences))
    expect(decodeBase64url(challenge)).toEqual(
      createApprovalChallenge({ payloads, renderer, sentences, nonce }),
    )
  })

  test('leaves the request as it was', async () => {
    const world = await createWorld()
    const asked = await world.ask()
    await world.issuer.prepareApproval({ person: alice.approver, requests: [{ id: asked.id, version: 1 }] })
    expect(world.store.state().requests.get(asked.id)).toEqual(asked)
    expect(world.store.state().delegations.size).toBe(0)
  })

  test('narrows', async () => {
    const world = await createWorld()
    const { payloads, sentences } = await prepare(world, { narrow: { capabilities: READ_ONE } })
    expect(payloads[0]?.['credentialSubject']).toMatchObject({ capabilities: READ_ONE })
    expect(sentences[0]?.join('\n')).toContain('"/issues/7"')
  })

  test('does not widen', async () => {
    const world = await createWorld()
    const widened = prepare(world, { narrow: { capabilities: READ_ALL } })
    await expect(widened).rejects.toEqual(refused('input_invalid', 'narrow.capabilities'))
  })

  test('has a nonce, ids and a place of its own each time', async () => {
    const world = await createWorld()
    const { id } = await world.ask()
    const requests = [{ id, version: 1 }]
    const one = await world.issuer.prepareApproval({ person: alice.approver, requests })
    const two = await world.issuer.prepareApproval({ person: alice.approver, requests })
    expect(one.nonce).not.toBe(two.nonce)
    expect(one.payloads[0]?.['id']).not.toBe(two.payloads[0]?.['id'])
    expect(one.payloads[0]?.['credentialStatus']).not.toEqual(two.payloads[0]?.['credentialStatus'])
  })

  test('is for the principal alone', async () => {
    const world = await createWorld()
    await expect(prepare(world, { person: bob.approver })).rejects.toEqual(refused('not_found'))
  })

  test('is not in the name of another tenant', async () => {
    const world = await createWorld()
    const elsewhere = { id: ALICE.id, tenant: 'other' }
    await expect(prepare(world, { person: elsewhere })).rejects.toEqual(
      refused('forbidden', 'on_behalf_of.tenant'),
    )
  })

  test('of an unknown request is not found', async () => {
    const world = await createWorld()
    const requests = [{ id: 'urn:uuid:none', version: 1 }]
    await expect(prepare(world, { requests })).rejects.toEqual(refused('not_found'))
  })

  test('of another version is a mismatch', async () => {
    const world = await createWorld()
    const { id } = await world.ask()
    await expect(prepare(world, { requests: [{ id, version: 2 }] })).rejects.toEqual(
      refused('approval_mismatch'),
    )
  })

  test('of a decided request is consumed', async () => {
    const world = await createWorld()
    const { id, version } = await world.ask()
    await world.issuer.deny({ id, version, person: alice.approver })
    await expect(prepare(world, { requests: [{ id, version }] })).rejects.toEqual(
      refused('approval_consumed'),
    )
  })

  test('of a request past its time is expired', async () => {
    const world = await createWorld()
    const { id, version } = await world.ask()
    world.advance(900)
    await expect(prepare(world, { requests: [{ id, version }] })).rejects.toEqual(refused('approval_expired'))
  })

  test('for a revoked key is refused', async () => {
    const world = await createWorld()
    const { id, version } = await world.ask()
    await world.issuer.revokeKey({ agent: world.agent.did, operator: world.operator.did })
    const late = world.issuer.prepareApproval({ person: alice.approver, requests: [{ id, version }] })
    await expect(late).rejects.toEqual(refused('key_revoked'))
  })
})

describe('an approval of several requests', () => {
  test('has the payloads and sentences of all', async () => {
    const world = await createWorld()
    const [one, two] = [await world.ask(), await world.ask({ purpose: 'Another', capabilities: READ_ONE })]
    const prepared = await prepare(world, { requests: [one, two].map(({ id }) => ({ id, version: 1 })) })
    expect(prepared.payloads.map(({ credentialSubject }) => Object(credentialSubject).purpose)).toEqual([
      'Sum up the open issues',
      'Another',
    ])
    expect(prepared.sentences).toHaveLength(2)
  })

  test('is of one agent', async () => {
    const world = await createWorld()
    const [one, two] = [await world.ask(), await world.ask({ agent: createParty('other').did })]
    const mixed = prepare(world, { requests: [one, two].map(({ id }) => ({ id, version: 1 })) })
    await expect(mixed).rejects.toEqual(refused('input_invalid', 'requests'))
  })

  test.each([0, 11])('is not of %i', async (count) => {
    const world = await createWorld()
    const requests = Array.from({ length: count }, (_, index) => ({ id: `r${index}`, version: 1 }))
    await expect(prepare(world, { requests })).rejects.toEqual(refused('input_invalid', 'requests'))
  })

  test('names each once', async () => {
    const world = await createWorld()
    const { id } = await world.ask()
    const twice = prepare(world, { requests: [id, id].map((one) => ({ id: one, version: 1 })) })
    await expect(twice).rejects.toEqual(refused('input_invalid', 'requests'))
  })
})

describe('approvals that were begun', () => {
  test('are forgotten at their end, and too many of one person are refused', async () => {
    const world = await createWorld()
    const { id } = await world.ask()
    const begin = (): Promise<PreparedApproval> =>
      world.issuer.prepareApproval({ person: alice.approver, requests: [{ id, version: 1 }] })
    for (let begun = 0; begun < 50; begun += 1) await begin()
    await expect(begin()).rejects.toEqual(refused('rate_limited'))
    world.advance(300)
    await begin()
    expect(world.store.state().drafts.size).toBe(1)
  })
})
