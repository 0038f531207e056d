import { parseDelegation, verifyApprovalEvidence } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import type { Approver, DelegationQuestion, DelegationRequest, PreparedApproval } from '../src/index.ts'
import { ALICE, createPolicy, createWorld, READ_ONE, START, type World } from './support/issuer-world.ts'
import { answer, approveAs, createPerson } from './support/person.ts'

const refused = (code: string, field?: string): unknown =>
  expect.objectContaining({ code, ...(field !== undefined && { field }) })
const ASK_TWO = createPolicy('two', 'permit (principal, action == Action::"ask-two", resource);')
const alice = createPerson()
const bob = createPerson('bob')

/** Approved by the principal, waiting for a second person. */
async function halfApproved(
  world: World,
  more: Partial<DelegationQuestion> = {},
): Promise<DelegationRequest> {
  const [request] = await approveAs(world, alice, [await world.ask(more)])
  if (request === undefined) throw new Error('There is no request')
  return request
}

const prepareAs = (world: World, person: Approver, request: DelegationRequest): Promise<PreparedApproval> =>
  world.issuer.prepareApproval({ person, requests: [{ id: request.id, version: request.version }] })

describe('an approval by two people', () => {
  test('waits for the second after the first', async () => {
    const world = await createWorld({ policy: ASK_TWO })
    const request = await halfApproved(world)
    expect(request).toMatchObject({ status: 'pending', approvals: [{ by: ALICE.id, at: START }] })
    await expect(world.issuer.collect({ id: request.id, agent: world.agent.did })).rejects.toEqual(
      refused('authorization_pending'),
    )
    expect(world.store.state().delegations.size).toBe(0)
  })

  test('issues what the first approved, with both assertions', async () => {
    const world = await createWorld({ policy: ASK_TWO })
    const half = await halfApproved(world)
    world.advance(30)
    const [request] = await approveAs(world, bob, [half])
    expect(request).toMatchObject({
      status: 'approved',
      decidedBy: 'bob',
      approvals: [
        { by: ALICE.id, at: START },
        { by: 'bob', at: START + 30_000 },
      ],
    })
    expect(request).not.toHaveProperty('half')
    const { delegation, evidence } = await world.issuer.collect({ id: half.id, agent: world.agent.did })
    const { approvals } = await verifyApprovalEvidence(evidence, { delegation: parseDelegation(delegation) })
    expect(approvals.map(({ by, passkey }) => [by, passkey.id])).toEqual([
      [ALICE.id, alice.passkey.id],
      ['bob', bob.passkey.id],
    ])
    expect(world.store.state().drafts.size).toBe(0)
  })

  test('shows the second the same payloads under another nonce', async () => {
    const world = await createWorld({ policy: ASK_TWO })
    const request = await world.ask()
    const first = await prepareAs(world, alice.approver, request)
    const assertion = await answer(alice, first)
    await world.issuer.completeApproval({ draft: first.id, person: alice.approver, assertion })
    const second = await prepareAs(world, bob.approver, request)
    expect(second).toMatchObject({
      payloads: first.payloads,
      sentences: first.sentences,
      needs: 2,
      given: [{ by: ALICE.id, at: '2026-11-24T12:00:00Z' }],
    })
    expect(second.nonce).not.toBe(first.nonce)
    expect(second.challenge).not.toBe(first.challenge)
  })

  test('is on record once for each', async () => {
    const world = await createWorld({ policy: ASK_TWO })
    await approveAs(world, bob, [await halfApproved(world)])
    const events = await world.issuer.listEvents()
    const approved = events.filter(({ type }) => type === 'approved')
    expect(approved.map(({ data }) => [data['by'], data['method']])).toEqual([
      [ALICE.id, 'software-passkey'],
      ['bob', 'software-passkey'],
    ])
  })

  test('begins with the principal', async () => {
    const world = await createWorld({ policy: ASK_TWO })
    await expect(prepareAs(world, bob.approver, await world.ask())).rejects.toEqual(refused('not_found'))
  })

  test('is not by one person twice', async () => {
    const world = await createWorld({ policy: ASK_TWO })
    const half = await halfApproved(world)
    await expect(prepareAs(world, alice.approver, half)).rejects.toEqual(refused('forbidden'))
  })

  test('is not with one passkey twice', async () => {
    const world = await createWorld({ policy: ASK_TWO })
    const half = await halfApproved(world)
    const sharing = { ...alice, approver: bob.approver }
    await expect(approveAs(world, sharing, [half])).rejects.toEqual(refused('forbidden'))
    expect(world.store.state().delegations.size).toBe(0)
  })

  test('is not by somebody of another tenant', async () => {
    const world = await createWorld({ policy: ASK_TWO })
    const half = await halfApproved(world)
    for (const person of [{ id: 'mallory', tenant: 'other' }, { id: 'mallory' }]) {
      await expect(prepareAs(world, person, half)).rejects.toEqual(refused('not_found'))
    }
  })

  test('is narrowed by the first alone', async () => {
    const world = await createWorld({ policy: ASK_TWO })
    const { id, version } = await halfApproved(world)
    const narrowed = world.issuer.prepareApproval({
      person: bob.approver,
      requests: [{ id, version, narrow: { capabilities: READ_ONE } }],
    })
    await expect(narrowed).rejects.toEqual(refused('input_invalid', 'requests'))
  })

  test('is of one request', async () => {
    const world = await createWorld({ policy: ASK_TWO })
    const asked = [await world.ask(), await world.ask({ capabilities: READ_ONE })]
    await expect(approveAs(world, alice, asked)).rejects.toEqual(refused('input_invalid', 'requests'))
    const half = await halfApproved(world)
    const another = await halfApproved(world, { workflow: { id: 'another' } })
    await expect(approveAs(world, bob, [half, another])).rejects.toEqual(refused('input_invalid', 'requests'))
  })

  test('is not by an operator', async () => {
    const world = await createWorld({ policy: ASK_TWO })
    const { id, version } = await world.ask()
    const alone = world.issuer.approve({ id, version, operator: world.operator.did })
    await expect(alone).rejects.toEqual(refused('forbidden'))
    await expect(alone).rejects.toThrow(`its principal opens https://authority.test/approve/${id}`)
  })

  test('ends where either of the second people denies it', async () => {
    const world = await createWorld({ policy: ASK_TWO })
    const { id, version } = await halfApproved(world)
    const denied = await world.issuer.deny({ id, version, person: bob.approver })
    expect(denied).toMatchObject({ status: 'refused', decidedBy: 'bob' })
    expect(world.store.state().drafts.size).toBe(0)
  })

  test('takes one second person, whoever is first', async () => {
    const world = await createWorld({ policy: ASK_TWO })
    const half = await halfApproved(world)
    const carol = createPerson('carol')
    const late = await prepareAs(world, carol.approver, half)
    await approveAs(world, bob, [half])
    const assertion = await answer(carol, late)
    const second = world.issuer.completeApproval({ draft: late.id, person: carol.approver, assertion })
    await expect(second).rejects.toEqual(refused('approval_consumed'))
  })

  test('is not begun twice', async () => {
    const world = await createWorld({ policy: ASK_TWO })
    const request = await world.ask()
    const late = await prepareAs(world, alice.approver, request)
    await approveAs(world, alice, [request])
    const assertion = await answer(alice, late)
    const again = world.issuer.completeApproval({ draft: late.id, person: alice.approver, assertion })
    await expect(again).rejects.toEqual(refused('approval_consumed'))
  })

  test('ends with the request', async () => {
    const world = await createWorld({ policy: ASK_TWO })
    const half = await halfApproved(world)
    world.advance(900)
    await expect(prepareAs(world, bob.approver, half)).rejects.toEqual(refused('approval_expired'))
  })

  test('is under one policy', async () => {
    const world = await createWorld({ policy: ASK_TWO })
    const half = await halfApproved(world)
    const policy = createPolicy('stricter', 'permit (principal, action == Action::"ask-two", resource);')
    const restarted = { ...world, issuer: world.restart({ policy }) }
    await expect(approveAs(restarted, bob, [half])).rejects.toEqual(refused('approval_mismatch'))
  })
})
