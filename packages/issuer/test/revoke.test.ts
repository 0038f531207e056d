import { parseDelegation, verifyHeartbeat, verifyStatusList } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import {
  createParty,
  createTestRandom,
  createWorld,
  delegate,
  idOf,
  ORIGIN,
  START,
  type World,
} from './support/issuer-world.ts'

const refused = (code: string, field?: string): unknown =>
  expect.objectContaining({ code, ...(field !== undefined && { field }) })
const SUB = createParty('sub-agent')
const STRANGER = createParty('stranger')

/** What a verifier would read from what is published now. */
async function readPublished(world: World): Promise<{
  sequence: number
  revokedKeys: readonly string[]
  isRevoked: (jws: string) => boolean
}> {
  const issuers = {
    issuer: world.authority.did,
    issuers: () => world.authority.signer.publicKey,
    now: world.now(),
  }
  const publication = await world.issuer.lastHeartbeat()
  const heartbeat = verifyHeartbeat(publication?.jws ?? '', issuers)
  const stored = await world.issuer.statusList({ number: 1, purpose: 'revocation' })
  const list = verifyStatusList(stored?.jws ?? '', { ...issuers, id: `${ORIGIN}/status/lists/1` })
  expect(heartbeat.lists[0]).toMatchObject({ id: list.id, version: list.version, digest: list.digest })
  return {
    sequence: heartbeat.sequence,
    revokedKeys: heartbeat.revokedKeys,
    isRevoked: (jws) => list.isSet(Number(parseDelegation(jws).status.statusListIndex)),
  }
}

async function createFamily(): Promise<{ world: World; root: string; child: string }> {
  const world = await createWorld()
  const { chain } = await world.obtain({ maxDelegationDepth: 1 })
  const [root = '', child = ''] = await delegate(world, { chain, from: world.agent, to: SUB })
  return { world, root, child }
}

describe('revoking a delegation', () => {
  test('sets exactly its bit in a new list, under a new heartbeat', async () => {
    const { world, root, child } = await createFamily()
    const before = await readPublished(world)
    expect([before.isRevoked(root), before.isRevoked(child)]).toEqual([false, false])
    world.advance(5)
    const caller = { did: world.operator.did, operator: true }
    const receipt = await world.issuer.revokeDelegation({ id: idOf(child), caller, reason: 'Finished' })
    const after = await readPublished(world)
    expect([after.isRevoked(root), after.isRevoked(child)]).toEqual([false, true])
    expect(after.sequence).toBe(before.sequence + 1)
    expect(receipt).toEqual({ revoked: idOf(child), sequence: after.sequence, time: START + 5000 })
    expect(world.store.state().events.at(-1)).toMatchObject({
      type: 'delegation_revoked',
      data: { delegation: idOf(child), by: world.operator.did, reason: 'Finished' },
    })
  })

  test('may be done by an operator, by who delegated and by who received', async () => {
    const callers = (world: World): { did: string; operator: boolean }[] => [
      { did: world.operator.did, operator: true },
      { did: world.agent.did, operator: false },
      { did: SUB.did, operator: false },
    ]
    for (const index of [0, 1, 2]) {
      const { world, child } = await createFamily()
      const caller = callers(world)[index] ?? { did: '', operator: false }
      await world.issuer.revokeDelegation({ id: idOf(child), caller })
      expect((await readPublished(world)).isRevoked(child)).toBe(true)
    }
  })

  test('looks to everybody else like a delegation that does not exist', async () => {
    const { world, root, child } = await createFamily()
    const absent = 'urn:uuid:00000000-0000-4000-8000-000000000000'
    const attempts = [
      [absent, STRANGER],
      [idOf(root), STRANGER],
      [idOf(child), STRANGER],
      // A sub-agent has no say over what it was delegated from.
      [idOf(root), SUB],
    ] as const
    for (const [id, { did }] of attempts) {
      const attempt = world.issuer.revokeDelegation({ id, caller: { did, operator: false } })
      await expect(attempt).rejects.toThrow(refused('not_found'))
    }
    expect((await readPublished(world)).isRevoked(child)).toBe(false)
  })

  test('twice, even at once, is the same as once', async () => {
    const { world, child } = await createFamily()
    const caller = { did: world.operator.did, operator: true }
    const revoke = (): Promise<unknown> => world.issuer.revokeDelegation({ id: idOf(child), caller })
    const [first, second] = await Promise.all([revoke(), revoke()])
    expect(second).toEqual(first)
    world.advance(60)
    await expect(revoke()).resolves.toEqual(first)
    const events = world.store.state().events.filter((event) => event.type === 'delegation_revoked')
    expect(events).toHaveLength(1)
  })

  test('is possible after the delegation has ended', async () => {
    const { world, child } = await createFamily()
    world.advance(3600)
    const caller = { did: SUB.did, operator: false }
    await expect(world.issuer.revokeDelegation({ id: idOf(child), caller })).resolves.toHaveProperty('time')
  })

  test('is refused to a revoked key', async () => {
    const { world, child } = await createFamily()
    await world.issuer.revokeKey({ agent: SUB.did, operator: world.operator.did })
    const attempt = world.issuer.revokeDelegation({
      id: idOf(child),
      caller: { did: SUB.did, operator: false },
    })
    await expect(attempt).rejects.toThrow(refused('key_revoked'))
  })

  test('takes no reason that could be read as something else', async () => {
    const { world, child } = await createFamily()
    const caller = { did: SUB.did, operator: false }
    const attempt = world.issuer.revokeDelegation({ id: idOf(child), caller, reason: 'x\n\nevent: status' })
    await expect(attempt).rejects.toThrow(refused('input_invalid', 'reason'))
  })

  test('survives a restart of the issuer', async () => {
    const { world, child } = await createFamily()
    const caller = { did: world.operator.did, operator: true }
    const { sequence } = await world.issuer.revokeDelegation({ id: idOf(child), caller })
    const restarted = world.restart()
    const publication = await restarted.start()
    expect(publication.sequence).toBe(sequence + 1)
    expect((await readPublished({ ...world, issuer: restarted })).isRevoked(child)).toBe(true)
  })

  test('and registering below it at the same time never leaves a living child', async () => {
    for (let round = 0; round < 50; round += 1) {
      const world = await createWorld({
        random: createTestRandom(`round ${round}`),
      })
      const { chain, delegation } = await world.obtain({ maxDelegationDepth: 1 })
      const caller = { did: world.operator.did, operator: true }
      const revoke = (): Promise<unknown> => world.issuer.revokeDelegation({ id: idOf(delegation), caller })
      const register = (): Promise<unknown> => delegate(world, { chain, from: world.agent, to: SUB })
      const both = round % 2 === 0 ? [revoke(), register()] : [register(), revoke()]
      await Promise.allSettled(both)
      await expect(register()).rejects.toThrow(refused('credential_revoked'))
      expect((await readPublished(world)).isRevoked(delegation)).toBe(true)
    }
  })
})

describe('revoking a key', () => {
  test('puts it into every heartbeat from then on', async () => {
    const world = await createWorld()
    const operator = world.operator.did
    const before = await readPublished(world)
    const receipt = await world.issuer.revokeKey({ agent: STRANGER.did, operator, reason: 'Laptop stolen' })
    expect(receipt).toEqual({ revoked: STRANGER.did, sequence: before.sequence + 1, time: START })
    expect((await readPublished(world)).revokedKeys).toEqual([STRANGER.did])
    await world.issuer.heartbeat()
    expect((await readPublished(world)).revokedKeys).toEqual([STRANGER.did])
    await expect(world.issuer.isKeyRevoked(STRANGER.did)).resolves.toBe(true)
    await expect(world.issuer.isKeyRevoked(SUB.did)).resolves.toBe(false)
    expect(world.store.state().events.at(-1)).toMatchObject({
      type: 'key_revoked',
      data: { subject: STRANGER.did, by: operator, reason: 'Laptop stolen' },
    })
  })

  test('twice is the same as once', async () => {
    const world = await createWorld()
    const operator = world.operator.did
    const first = await world.issuer.revokeKey({ agent: STRANGER.did, operator })
    world.advance(60)
    await expect(world.issuer.revokeKey({ agent: STRANGER.did, operator })).resolves.toEqual(first)
    expect(world.store.state().events.filter((event) => event.type === 'key_revoked')).toHaveLength(1)
  })

  test('takes only keys', async () => {
    const world = await createWorld()
    const operator = world.operator.did
    const revoke = (agent: string): Promise<unknown> => world.issuer.revokeKey({ agent, operator })
    await expect(revoke('did:key:zNotAKey')).rejects.toThrow(refused('input_invalid', 'agent'))
    await expect(revoke('did:web:evil.test')).rejects.toThrow(refused('input_invalid', 'agent'))
    await expect(revoke(world.authority.did)).rejects.toThrow(refused('input_invalid', 'agent'))
  })

  test('is refused to an operator whose own key is revoked', async () => {
    const world = await createWorld()
    await world.issuer.revokeKey({ agent: STRANGER.did, operator: world.operator.did })
    const attempt = world.issuer.revokeKey({ agent: SUB.did, operator: STRANGER.did })
    await expect(attempt).rejects.toThrow(refused('key_revoked'))
  })

  test('takes no reason that hides something', async () => {
    const world = await createWorld()
    const attempt = world.issuer.revokeKey({ agent: SUB.did, operator: world.operator.did, reason: '\u202E' })
    await expect(attempt).rejects.toThrow(refused('input_invalid', 'reason'))
  })
})

describe('revoking the key of the issuer', () => {
  test('is said by every heartbeat from then on, once and for all, and nothing is issued any more', async () => {
    const { world, root } = await createFamily()
    const { kid } = world.authority
    const operator = world.operator.did
    const receipt = await world.issuer.revokeIssuerKey({ kid, operator, reason: 'stolen' })
    world.advance(5)
    expect(await world.issuer.revokeIssuerKey({ kid, operator })).toEqual(receipt)
    await world.issuer.heartbeat()
    const { jws = '' } = (await world.issuer.lastHeartbeat()) ?? {}
    const heartbeat = verifyHeartbeat(jws, {
      issuer: world.authority.did,
      issuers: () => world.authority.signer.publicKey,
      now: world.now(),
    })
    expect([heartbeat.revokedIssuerKeys, heartbeat.revokedKeys]).toEqual([[kid], []])
    expect(
      (await world.issuer.listEvents()).filter(({ type }) => type === 'issuer_key_revoked'),
    ).toMatchObject([{ data: { key: kid, by: operator, reason: 'stolen' } }])
    await expect(world.obtain({ workflow: { id: 'later' } })).rejects.toThrow(refused('key_revoked'))
    const child = delegate(world, { chain: [root], from: world.agent, to: STRANGER })
    await expect(child).rejects.toThrow(refused('key_revoked'))
  })

  test('names a key that is its own', async () => {
    const world = await createWorld()
    const operator = world.operator.did
    for (const kid of [world.authority.did, `${world.authority.did}#other`, `${STRANGER.did}#x`, '']) {
      await expect(world.issuer.revokeIssuerKey({ kid, operator })).rejects.toThrow(refused('not_found'))
    }
  })
})
