import { canonicalizeJson, decodeBase64url } from '@behalf/core'
import { createApprovalChallenge, MAX_EVIDENCE_BYTES, renderDelegation } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import type { PrepareApprovalOptions, PreparedApproval } from '../src/index.ts'
import {
  ALICE,
  createParty,
  createPolicy,
  createWorld,
  READ_ALL,
  READ_ONE,
  START,
  type World,
} from './support/issuer-world.ts'
import { answer, approveAs, createPerson } from './support/person.ts'

const refused = (code: string, field?: string): unknown =>
  expect.objectContaining({ code, ...(field !== undefined && { field }) })
const ASK_TWO = createPolicy('two', 'permit (principal, action == Action::"ask-two", resource);')
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

  test('is what an API can be shown: more is refused before anybody reads it', async () => {
    const world = await createWorld()
    const capabilities = (count: number): typeof READ_ONE =>
      [0, 1, 2, 3].map((part) => ({
        type: 'http',
        locations: ['https://api.test'],
        actions: ['GET'],
        paths: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((at) => `/issues/${count}/${part}/${'x'.repeat(20)}/${at}`),
      }))
    const requests: { readonly id: string; readonly version: number }[] = []
    for (const count of [1, 2, 3]) {
      const { id } = await world.ask({ capabilities: capabilities(count) })
      requests.push({ id, version: 1 })
    }
    const prepareOf = (count: number): Promise<PreparedApproval> =>
      world.issuer.prepareApproval({ person: alice.approver, requests: requests.slice(0, count) })
    await expect(prepareOf(3)).rejects.toEqual(refused('input_invalid', 'requests'))
    await expect(prepareOf(3)).rejects.toThrow('approve fewer of them at a time')
    expect(world.store.state().drafts.size).toBe(0)
    const prepared = await prepareOf(2)
    const assertion = await answer(alice, prepared)
    const given = { draft: prepared.id, person: alice.approver, assertion }
    const [request] = await world.issuer.completeApproval(given)
    const { evidence } = await world.issuer.collect({ id: request?.id ?? '', agent: world.agent.did })
    expect(canonicalizeJson(evidence ?? null).length).toBeLessThanOrEqual(MAX_EVIDENCE_BYTES)
  })

  test('names each once', async () => {
    const world = await createWorld()
    const { id } = await world.ask()
    const twice = prepare(world, { requests: [id, id].map((one) => ({ id: one, version: 1 })) })
    await expect(twice).rejects.toEqual(refused('input_invalid', 'requests'))
  })
})

describe('an enrolment along with an approval', () => {
  const HOUR = 3_600_000
  const enrol = { maxSeconds: 60, validUntil: START + HOUR + 999 }

  test('is in the sentences and under the challenge, and in force once it is approved', async () => {
    const world = await createWorld()
    const prepared = await prepare(world, { enrol })
    const { payloads, renderer, sentences, enrolment, nonce, challenge } = prepared
    expect(enrolment).toEqual({ valid_until: '2026-11-24T13:00:00Z', max_seconds: 60 })
    expect(sentences[0]?.at(-1)).toContain('Until 2026-11-24 13:00:00 UTC this key may get the same again')
    const terms = { payloads, renderer, sentences, nonce }
    expect(decodeBase64url(challenge)).not.toEqual(createApprovalChallenge(terms))
    expect(decodeBase64url(challenge)).toEqual(
      createApprovalChallenge({
        ...terms,
        enrolment: { valid_until: '2026-11-24T13:00:00Z', max_seconds: 60 },
      }),
    )
    expect(await world.issuer.listEnrolments()).toEqual([])
    const assertion = await answer(alice, prepared)
    await world.issuer.completeApproval({ draft: prepared.id, person: alice.approver, assertion })
    const [listed] = await world.issuer.listEnrolments()
    expect(listed).toMatchObject({
      agent: world.agent.did,
      onBehalfOf: ALICE,
      maxSeconds: 60,
      validUntil: START + HOUR,
      createdBy: alice.approver.id,
    })
    const [issued, enrolled] = (await world.issuer.listEvents()).slice(-2)
    expect(issued?.data['approval']).toMatchObject({ digest: enrolled?.data['evidence'] })
    expect(enrolled).toMatchObject({
      type: 'enrolled',
      data: { enrolment: listed?.id, by: alice.approver.id },
    })
  })

  test('has an end to come and a length that is allowed', async () => {
    const world = await createWorld()
    const past = prepare(world, { enrol: { ...enrol, validUntil: START + 999 } })
    await expect(past).rejects.toEqual(refused('input_invalid', 'valid_until'))
    for (const maxSeconds of [0, 3601]) {
      const long = prepare(world, { enrol: { ...enrol, maxSeconds } })
      await expect(long).rejects.toEqual(refused('input_invalid', 'max_seconds'))
    }
  })

  test('is nothing when its end came before the answer', async () => {
    const world = await createWorld()
    const prepared = await prepare(world, { enrol: { ...enrol, validUntil: START + 5000 } })
    world.advance(5)
    const assertion = await answer(alice, prepared)
    const late = world.issuer.completeApproval({ draft: prepared.id, person: alice.approver, assertion })
    await expect(late).rejects.toEqual(refused('input_invalid', 'valid_until'))
    expect(world.store.state().delegations.size).toBe(0)
  })

  test('is not for what takes two people, by neither of them', async () => {
    const world = await createWorld({ policy: ASK_TWO })
    await expect(prepare(world, { enrol })).rejects.toEqual(refused('input_invalid', 'enrol'))
    const [half] = await approveAs(world, alice, [await world.ask()])
    const requests = [{ id: half?.id ?? '', version: 1 }]
    const second = createPerson('carol')
    const prepared = world.issuer.prepareApproval({ person: second.approver, requests, enrol })
    await expect(prepared).rejects.toEqual(refused('input_invalid', 'enrol'))
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
