import { createEd25519Signer } from '@behalf/core'
import { parseDelegation, verifyApprovalEvidence, verifyDelegationChain } from '@behalf/credential'
import type { HeldDelegation } from '@behalf/wallet'
import { describe, expect, test } from 'vitest'
import {
  ALICE,
  APPROVE_ENROLLED,
  ASKED,
  createWorld,
  READ_ISSUES,
  READ_ONE,
  seedOf,
  type World,
} from './support/authority-world.ts'

const ISSUER_KEY = createEd25519Signer(seedOf('authority')).publicKey

/** Asks with the wallet; an operator approves as soon as somebody has to. */
async function obtain(world: World, more: Record<string, unknown> = {}): Promise<HeldDelegation> {
  const decisions: Promise<unknown>[] = []
  const held = await world.agent.wallet.requestDelegation({
    ...ASKED,
    authority: world.origin,
    onPending: ({ id }) => void decisions.push(world.operator.client.approve(id, { version: 1 })),
    ...more,
  })
  await Promise.all(decisions)
  return held
}

describe('the story over HTTP, told by wallets', () => {
  test('asked, approved, collected, delegated on, revoked, on record', async () => {
    const world = await createWorld()
    const { agent, operator } = world
    const sub = world.party('sub-agent')
    const held = await obtain(world, { maxDelegationDepth: 1, agentName: 'Summariser' })
    expect(held.leaf).toMatchObject({
      issuer: world.authority.issuerDid,
      subject: agent.did,
      onBehalfOf: ALICE,
      approval: { method: 'operator' },
    })
    const bundle = await agent.wallet.delegate({ to: sub.did, capabilities: READ_ONE })
    const received = await sub.wallet.receive(bundle)
    const chain = verifyDelegationChain(bundle.chain, { issuers: () => ISSUER_KEY, now: world.clock() })
    expect(chain.links.map((link) => link.subject)).toEqual([agent.did, sub.did])
    const receipt = await operator.client.revoke({ delegation: held.id }, 'Enough')
    const published = await world.published()
    expect(published.sequence).toBe(receipt.sequence)
    expect(published.isRevoked(held.leaf.status.statusListIndex)).toBe(true)
    expect(published.isRevoked(received.leaf.status.statusListIndex)).toBe(false)
    const again = agent.wallet.delegate({ to: world.party('other').did, parent: held.id })
    await expect(again).rejects.toThrow(expect.objectContaining({ code: 'credential_revoked' }))
    const events = await operator.client.listEvents()
    expect(events.map(({ type }) => type)).toEqual([
      'key_logged',
      'operator_created',
      'policy_loaded',
      'requested',
      'policy_decided',
      'approved',
      'issued',
      'collected',
      'sub_delegated',
      'delegation_revoked',
    ])
  })

  test('the evidence that comes with a delegation is the one it names', async () => {
    const world = await createWorld()
    const held = await obtain(world)
    const delegation = parseDelegation(held.chain[0] ?? '')
    const approved = await verifyApprovalEvidence(held.evidence ?? {}, { delegation })
    expect(approved).toMatchObject({
      method: 'operator',
      statement: { by: world.operator.did },
      isProven: false,
    })
  })

  test('an enrolled agent needs nobody', async () => {
    const world = await createWorld({ policy: APPROVE_ENROLLED })
    const { agent, operator } = world
    const terms = { agent: agent.did, onBehalfOf: ALICE, capabilities: READ_ISSUES, maxSeconds: 600 }
    const enrolment = await operator.client.enrol(terms)
    const held = await agent.wallet.requestDelegation({ ...ASKED, authority: world.origin })
    expect(held.leaf.approval?.method).toBe('enrolment')
    await operator.client.removeEnrolment(enrolment.id)
    await expect(operator.client.listEnrolments()).resolves.toEqual([])
    const receipt = await agent.client.createRequest(ASKED)
    expect(receipt.status).toBe('pending')
  })

  test('an agent whose key was revoked is done, whatever it asks for', async () => {
    const world = await createWorld()
    const { agent, operator } = world
    const held = await obtain(world, { maxDelegationDepth: 1 })
    await operator.client.revoke({ agent: agent.did }, 'Laptop stolen')
    expect((await world.published()).revokedKeys).toEqual([agent.did])
    const revoked = expect.objectContaining({ code: 'key_revoked' })
    await expect(agent.client.createRequest(ASKED)).rejects.toThrow(revoked)
    await expect(agent.client.listRequests()).rejects.toThrow(revoked)
    const passOn = agent.wallet.delegate({ to: world.party('sub-agent').did, parent: held.id })
    await expect(passOn).rejects.toThrow(revoked)
  })

  test('an agent may give back what it holds, and take back what it passed on', async () => {
    const world = await createWorld()
    const held = await obtain(world, { maxDelegationDepth: 1 })
    const sub = world.party('sub-agent')
    const child = await sub.wallet.receive(await world.agent.wallet.delegate({ to: sub.did }))
    await world.agent.client.revoke({ delegation: child.id })
    await world.agent.client.revoke({ delegation: held.id })
    const published = await world.published()
    expect(published.isRevoked(child.leaf.status.statusListIndex)).toBe(true)
    expect(published.isRevoked(held.leaf.status.statusListIndex)).toBe(true)
  })

  test('what is passed on is listed as revoked with what is above it', async () => {
    const world = await createWorld()
    const held = await obtain(world, { maxDelegationDepth: 1 })
    const sub = world.party('sub-agent')
    const child = await sub.wallet.receive(await world.agent.wallet.delegate({ to: sub.did }))
    await world.operator.client.revoke({ delegation: held.id })
    const [below, above] = await world.operator.client.listDelegations()
    expect(below).toMatchObject({ id: child.id, status: 'revoked', revokedAbove: held.id })
    expect(below).not.toHaveProperty('revokedAt')
    expect(above).toMatchObject({ id: held.id, status: 'revoked' })
    expect(above).not.toHaveProperty('revokedAbove')
  })

  test('a restart in the middle changes nothing', async () => {
    const world = await createWorld()
    const receipt = await world.agent.client.createRequest(ASKED)
    const second = await world.restart()
    await second.operator.client.approve(receipt.id, { version: receipt.version })
    const third = await second.restart()
    const { delegation } = await third.agent.client.collect(receipt.id)
    const fourth = await third.restart()
    await expect(fourth.agent.client.collect(receipt.id)).resolves.toMatchObject({ delegation })
    const [summary] = await fourth.operator.client.listDelegations()
    expect(summary).toMatchObject({ subject: world.agent.did, status: 'active' })
  })
})
