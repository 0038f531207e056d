import { describe, expect, test } from 'vitest'
import { createPolicy, createWorld, type World } from './support/issuer-world.ts'
import { createPerson } from './support/person.ts'

const refused = (code: string): unknown => expect.objectContaining({ code })
const alice = createPerson()
const bob = createPerson('bob')
const ASK_TWO = createPolicy('two', 'permit (principal, action == Action::"ask-two", resource);')

async function prepare(world: World): Promise<{ readonly draft: string; readonly request: string }> {
  const { id, version } = await world.ask()
  const person = alice.approver
  const prepared = await world.issuer.prepareApproval({ person, requests: [{ id, version }] })
  return { draft: prepared.id, request: id }
}

describe('an issuer that lets a login approve', () => {
  const options = { dangerouslyLetLoginApprove: true }

  test('issues what was prepared, once', async () => {
    const world = await createWorld(options)
    const { draft } = await prepare(world)
    const [request] = await world.issuer.approveByLogin({ draft, person: alice.approver })
    expect(request).toMatchObject({ status: 'approved', decidedBy: alice.approver.id })
    const again = world.issuer.approveByLogin({ draft, person: alice.approver })
    await expect(again).rejects.toEqual(refused('webauthn_challenge_invalid'))
  })

  test('does not for somebody else', async () => {
    const world = await createWorld(options)
    const { draft } = await prepare(world)
    const foreign = world.issuer.approveByLogin({ draft, person: bob.approver })
    await expect(foreign).rejects.toEqual(refused('webauthn_challenge_invalid'))
  })

  test('does not for a request that was decided in the meantime', async () => {
    const world = await createWorld(options)
    const { draft, request } = await prepare(world)
    await world.issuer.deny({ id: request, version: 1, person: alice.approver })
    const late = world.issuer.approveByLogin({ draft, person: alice.approver })
    await expect(late).rejects.toEqual(refused('approval_consumed'))
  })

  test('does not enrol an agent along with it', async () => {
    const world = await createWorld(options)
    const { id, version } = await world.ask()
    const enrol = { maxSeconds: 60, validUntil: world.now() + 60_000 }
    const person = alice.approver
    const prepared = await world.issuer.prepareApproval({ person, requests: [{ id, version }], enrol })
    const enrolling = world.issuer.approveByLogin({ draft: prepared.id, person })
    await expect(enrolling).rejects.toEqual(refused('forbidden'))
    expect(world.store.state().delegations.size).toBe(0)
  })

  test('does not where two people are needed', async () => {
    const world = await createWorld({ ...options, policy: ASK_TWO })
    const { draft } = await prepare(world)
    const half = world.issuer.approveByLogin({ draft, person: alice.approver })
    await expect(half).rejects.toEqual(refused('forbidden'))
    expect(world.store.state().delegations.size).toBe(0)
  })
})

test('any other issuer refuses, and what was prepared still waits for a passkey', async () => {
  const world = await createWorld()
  const { draft } = await prepare(world)
  const refusal = world.issuer.approveByLogin({ draft, person: alice.approver })
  await expect(refusal).rejects.toEqual(refused('forbidden'))
  expect(world.store.state().drafts.size).toBe(1)
})
