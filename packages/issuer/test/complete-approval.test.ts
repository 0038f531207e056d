import { encodeBase64url } from '@behalf/core'
import { parseDelegation, verifyApprovalEvidence } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import type {
  CompleteApprovalOptions,
  DelegationRequest,
  GivenAssertion,
  PreparedApproval,
} from '../src/index.ts'
import { createWorld, ORIGIN, READ_ONE, START, type World } from './support/issuer-world.ts'
import { answer, approveAs, createPerson } from './support/person.ts'

const refused = (code: string, field?: string): unknown =>
  expect.objectContaining({ code, ...(field !== undefined && { field }) })
const alice = createPerson()
const bob = createPerson('bob')

async function prepare(world: World): Promise<PreparedApproval> {
  const { id, version } = await world.ask()
  return world.issuer.prepareApproval({ person: alice.approver, requests: [{ id, version }] })
}

async function complete(
  world: World,
  prepared: PreparedApproval,
  changes: Partial<CompleteApprovalOptions> = {},
): Promise<readonly DelegationRequest[]> {
  return world.issuer.completeApproval({
    draft: prepared.id,
    person: alice.approver,
    assertion: await answer(alice, prepared),
    ...changes,
  })
}

/** Prepared, then completed with an answer that was changed. */
async function completeWith(changes: Partial<GivenAssertion>): Promise<unknown> {
  const world = await createWorld()
  const prepared = await prepare(world)
  return complete(world, prepared, { assertion: await answer(alice, prepared, changes) })
}

describe('an approval by one person', () => {
  test('issues exactly what was prepared', async () => {
    const world = await createWorld()
    const prepared = await prepare(world)
    world.advance(7)
    const [request] = await complete(world, prepared)
    expect(request).toMatchObject({
      status: 'approved',
      decidedBy: alice.approver.id,
      decidedAt: START + 7000,
      approvals: [{ by: alice.approver.id, at: START + 7000 }],
    })
    const { delegation } = await world.issuer.collect({ id: request?.id ?? '', agent: world.agent.did })
    expect(parseDelegation(delegation)).toMatchObject({
      id: prepared.payloads[0]?.['id'],
      validFrom: START,
      validUntil: START + 600_000,
      issuedAt: START + 7000,
      approval: { method: 'software-passkey' },
    })
  })

  test('hands out evidence that proves it', async () => {
    const world = await createWorld()
    const prepared = await prepare(world)
    const [request] = await complete(world, prepared)
    const { delegation, evidence } = await world.issuer.collect({
      id: request?.id ?? '',
      agent: world.agent.did,
    })
    const verified = await verifyApprovalEvidence(evidence, {
      delegation: parseDelegation(delegation),
      rpId: 'authority.test',
      origins: [ORIGIN],
      passkeys: [alice.passkey.publicKey],
    })
    expect(verified).toMatchObject({
      method: 'software-passkey',
      isProven: false,
      requests: [{ id: request?.id, version: 1 }],
      sentences: prepared.sentences[0],
      approvals: [{ by: alice.approver.id, at: START }],
    })
  })

  test('says passkey when the authority knows it as one', async () => {
    const world = await createWorld()
    const prepared = await prepare(world)
    await complete(world, prepared, { assertion: await answer(alice, prepared, { software: false }) })
    const [issued] = [...world.store.state().delegations.values()]
    expect(parseDelegation(issued?.issued?.jws ?? '').approval?.method).toBe('passkey')
  })

  test('is on record with who, how and which passkey', async () => {
    const world = await createWorld()
    await approveAs(world, alice, [await world.ask()])
    const events = await world.issuer.listEvents()
    const [approved, issued] = events.slice(-2)
    expect(approved).toMatchObject({
      type: 'approved',
      data: {
        by: alice.approver.id,
        method: 'software-passkey',
        passkey: alice.passkey.id,
        version: 1,
        delegation: issued?.data['delegation'],
      },
    })
    expect(issued).toMatchObject({ type: 'issued', data: { approval: { method: 'software-passkey' } } })
  })

  test('of several requests issues them all on one evidence', async () => {
    const world = await createWorld()
    const asked = [await world.ask(), await world.ask({ purpose: 'Another', capabilities: READ_ONE })]
    const requests = await approveAs(world, alice, asked)
    expect(requests.map(({ status }) => status)).toEqual(['approved', 'approved'])
    const collected = []
    for (const { id } of requests) collected.push(await world.issuer.collect({ id, agent: world.agent.did }))
    const [one, two] = collected
    expect(one?.evidence).toEqual(two?.evidence)
    for (const { delegation, evidence } of collected) {
      await verifyApprovalEvidence(evidence, { delegation: parseDelegation(delegation) })
    }
  })
})

describe('an approval is used up', () => {
  test('by its answer', async () => {
    const world = await createWorld()
    const prepared = await prepare(world)
    await complete(world, prepared)
    await expect(complete(world, prepared)).rejects.toEqual(refused('webauthn_challenge_invalid'))
  })

  test('by a wrong answer, too', async () => {
    const world = await createWorld()
    const prepared = await prepare(world)
    const wrong = await answer(alice, { challenge: encodeBase64url(new Uint8Array(32)) })
    await expect(complete(world, prepared, { assertion: wrong })).rejects.toEqual(
      refused('webauthn_challenge_invalid'),
    )
    await expect(complete(world, prepared)).rejects.toEqual(refused('webauthn_challenge_invalid'))
    expect(world.store.state().delegations.size).toBe(0)
  })

  test('not by somebody else', async () => {
    const world = await createWorld()
    const prepared = await prepare(world)
    const foreign = complete(world, prepared, { person: bob.approver })
    await expect(foreign).rejects.toEqual(refused('webauthn_challenge_invalid'))
    await complete(world, prepared)
  })

  test('by its time', async () => {
    const world = await createWorld()
    const prepared = await prepare(world)
    world.advance(300)
    await expect(complete(world, prepared)).rejects.toEqual(refused('approval_expired'))
  })
})

describe('an answer is refused when', () => {
  test.each([
    ['it is for another relying party', { rpId: 'test' }, 'webauthn_rp_mismatch'],
    ['it comes from another origin', { origin: 'https://other.test' }, 'webauthn_origin_mismatch'],
    ['it is by another passkey', { publicKey: new Uint8Array(42) }, 'webauthn_signature_invalid'],
    [
      'its signature is not one',
      { signature: encodeBase64url(new Uint8Array(64)) },
      'webauthn_signature_invalid',
    ],
    ['it cannot be read', { clientDataJson: '=' }, 'webauthn_malformed'],
  ])('%s', async (_, changes, code) => {
    await expect(completeWith(changes)).rejects.toEqual(refused(code))
  })
})

describe('what changed after the person read it', () => {
  test('the request was decided', async () => {
    const world = await createWorld()
    const prepared = await prepare(world)
    for (const request of prepared.requests) {
      await world.issuer.deny({ ...request, operator: world.operator.did })
    }
    await expect(complete(world, prepared)).rejects.toEqual(refused('approval_consumed'))
  })

  test('the request has another version', async () => {
    const world = await createWorld()
    const prepared = await prepare(world)
    const [asked] = [...world.store.state().requests.values()]
    await world.store.transaction(async (tx) => {
      if (asked) await tx.saveRequest({ ...asked, version: 2 })
    })
    await expect(complete(world, prepared)).rejects.toEqual(refused('approval_mismatch'))
  })

  test('the request ended', async () => {
    const world = await createWorld({ requestSeconds: 60 })
    const prepared = await prepare(world)
    world.advance(60)
    await expect(complete(world, prepared)).rejects.toEqual(refused('approval_expired'))
  })

  test('what was prepared ended', async () => {
    const world = await createWorld({ defaultSeconds: 60 })
    const prepared = await prepare(world)
    world.advance(60)
    await expect(complete(world, prepared)).rejects.toEqual(refused('approval_expired'))
  })

  test('the agent’s key was revoked', async () => {
    const world = await createWorld()
    const prepared = await prepare(world)
    await world.issuer.revokeKey({ agent: world.agent.did, operator: world.operator.did })
    await expect(complete(world, prepared)).rejects.toEqual(refused('key_revoked'))
  })
})

describe('a denial by a person', () => {
  test('is theirs', async () => {
    const world = await createWorld()
    const { id, version } = await world.ask()
    const denied = await world.issuer.deny({ id, version, person: alice.approver, reason: 'Not now' })
    expect(denied).toMatchObject({ status: 'refused', decidedBy: alice.approver.id, reason: 'Not now' })
  })

  test('is nobody else’s', async () => {
    const world = await createWorld()
    const { id, version } = await world.ask()
    const foreign = world.issuer.deny({ id, version, person: bob.approver })
    await expect(foreign).rejects.toEqual(refused('not_found'))
  })
})
