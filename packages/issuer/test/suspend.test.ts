import { parseDelegation, suspensionListUrl, verifyHeartbeat, verifyStatusList } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import {
  ALICE,
  createParty,
  createWorld,
  delegate,
  idOf,
  ORIGIN,
  START,
  type World,
} from './support/issuer-world.ts'

const refused = (code: string, link?: number): unknown =>
  expect.objectContaining({ code, ...(link !== undefined && { link }) })
const SUB = createParty('sub-agent')
const LIST_URL = suspensionListUrl(`${ORIGIN}/status/lists/1`)

/** Which of these a verifier would hold for suspended, by what is published now. */
async function readSuspended(world: World, ...links: readonly string[]): Promise<readonly boolean[]> {
  const reading = {
    issuer: world.authority.did,
    issuers: () => world.authority.signer.publicKey,
    now: world.now(),
  }
  const { jws = '' } = (await world.issuer.lastHeartbeat()) ?? {}
  const stored = await world.issuer.statusList({ number: 1, purpose: 'suspension' })
  const list = verifyStatusList(stored?.jws ?? '', { ...reading, id: LIST_URL, purpose: 'suspension' })
  const { version, digest } = list
  const named = verifyHeartbeat(jws, reading).lists.find(({ id }) => id === LIST_URL)
  expect(named).toMatchObject({ version, digest })
  return links.map((link) => list.isSet(Number(parseDelegation(link).status.statusListIndex)))
}

async function createFamily(): Promise<{ world: World; root: string; child: string }> {
  const world = await createWorld()
  const { chain } = await world.obtain({ maxDelegationDepth: 2 })
  const [root = '', child = ''] = await delegate(world, {
    chain,
    from: world.agent,
    to: SUB,
    changes: { maxDelegationDepth: 1 },
  })
  return { world, root, child }
}

const typesOf = async ({ issuer }: World): Promise<readonly string[]> =>
  (await issuer.listEvents()).map(({ type }) => type)

describe('suspending a delegation', () => {
  test('sets exactly its bit in a new list of suspensions, under a new heartbeat, until it is resumed', async () => {
    const { world, root, child } = await createFamily()
    const operator = world.operator.did
    expect(await readSuspended(world, root, child)).toEqual([false, false])
    const before = (await world.issuer.lastHeartbeat())?.sequence ?? 0
    const revocations = await world.issuer.statusList({ number: 1, purpose: 'revocation' })
    world.advance(5)
    const suspended = await world.issuer.suspendDelegation({ id: idOf(child), operator, reason: 'Odd' })
    expect(suspended).toEqual({
      delegation: idOf(child),
      suspended: true,
      sequence: before + 1,
      time: START + 5000,
    })
    expect(await readSuspended(world, root, child)).toEqual([false, true])
    expect(await world.issuer.statusList({ number: 1, purpose: 'revocation' })).toEqual(revocations)
    world.advance(5)
    const resumed = await world.issuer.resumeDelegation({ id: idOf(child), operator })
    expect(resumed).toEqual({
      delegation: idOf(child),
      suspended: false,
      sequence: before + 2,
      time: START + 10_000,
    })
    expect(await readSuspended(world, root, child)).toEqual([false, false])
  })

  test('stands in the record, with who and why, and so does its end', async () => {
    const { world, root } = await createFamily()
    const id = idOf(root)
    await world.issuer.suspendDelegation({ id, person: { id: ALICE.id }, reason: 'Odd' })
    await world.issuer.resumeDelegation({ id, operator: world.operator.did, reason: 'Cleared' })
    const data = {
      delegation: id,
      root: id,
      subject: world.agent.did,
      principal: { issuer: world.authority.did, ...ALICE },
    }
    expect((await world.issuer.listEvents()).slice(-2)).toMatchObject([
      { type: 'suspended', data: { ...data, by: ALICE.id, reason: 'Odd' } },
      { type: 'resumed', data: { ...data, by: world.operator.did, reason: 'Cleared' } },
    ])
  })

  test('twice changes nothing, nor does resuming what does not rest', async () => {
    const { world, root } = await createFamily()
    const options = { id: idOf(root), operator: world.operator.did }
    const idle = await world.issuer.resumeDelegation(options)
    expect(idle).toMatchObject({ suspended: false })
    const first = await world.issuer.suspendDelegation(options)
    world.advance(5)
    expect(await world.issuer.suspendDelegation({ ...options, reason: 'Again' })).toEqual(first)
    expect((await typesOf(world)).filter((type) => type === 'suspended' || type === 'resumed')).toEqual([
      'suspended',
    ])
  })

  test('is for an operator and the person on whose behalf it is', async () => {
    const { world, root } = await createFamily()
    const id = idOf(root)
    const stranger = { person: { id: 'mallory' } }
    await expect(world.issuer.suspendDelegation({ id, ...stranger })).rejects.toThrow(refused('not_found'))
    await expect(
      world.issuer.suspendDelegation({ id: idOf(root).replace(/.$/u, 'x'), operator: world.operator.did }),
    ).rejects.toThrow(refused('not_found'))
    await world.issuer.suspendDelegation({ id, person: { id: 'olga' }, isOperator: true })
    await expect(world.issuer.resumeDelegation({ id, ...stranger })).rejects.toThrow(refused('not_found'))
    expect(await readSuspended(world, root)).toEqual([true])
  })

  test('by an operator is not lifted by the person, theirs is', async () => {
    const { world, root } = await createFamily()
    const id = idOf(root)
    const alice = { person: { id: ALICE.id } }
    await world.issuer.suspendDelegation({ id, operator: world.operator.did })
    await expect(world.issuer.resumeDelegation({ id, ...alice })).rejects.toThrow(refused('forbidden'))
    expect(await readSuspended(world, root)).toEqual([true])
    await world.issuer.resumeDelegation({ id, operator: world.operator.did })
    await world.issuer.suspendDelegation({ id, ...alice })
    await world.issuer.resumeDelegation({ id, ...alice })
    expect(await readSuspended(world, root)).toEqual([false])
  })

  test('an operator whose key was revoked does neither', async () => {
    const { world, root } = await createFamily()
    const options = { id: idOf(root), operator: world.operator.did }
    await world.issuer.revokeKey({ agent: world.operator.did, operator: createParty('other operator').did })
    await expect(world.issuer.suspendDelegation(options)).rejects.toThrow(refused('key_revoked'))
    await expect(world.issuer.resumeDelegation(options)).rejects.toThrow(refused('key_revoked'))
  })

  test('with a reason that hides something is refused', async () => {
    const { world, root } = await createFamily()
    const options = { id: idOf(root), operator: world.operator.did, reason: 'a\u202eb' }
    await expect(world.issuer.suspendDelegation(options)).rejects.toThrow(refused('input_invalid'))
    await expect(world.issuer.resumeDelegation(options)).rejects.toThrow(refused('input_invalid'))
  })
})

describe('a suspended delegation', () => {
  test('is the parent of no child, nor is what lies below it, until it is resumed', async () => {
    const { world, root, child } = await createFamily()
    const operator = world.operator.did
    const handOn = (): Promise<unknown> =>
      delegate(world, { chain: [root, child], from: SUB, to: createParty('third agent') })
    await world.issuer.suspendDelegation({ id: idOf(root), operator })
    await expect(handOn()).rejects.toThrow(refused('credential_suspended', 0))
    await world.issuer.suspendDelegation({ id: idOf(child), operator })
    await world.issuer.resumeDelegation({ id: idOf(root), operator })
    await expect(handOn()).rejects.toThrow(refused('credential_suspended', 1))
    await world.issuer.resumeDelegation({ id: idOf(child), operator })
    await expect(handOn()).resolves.toHaveLength(3)
  })

  test('is not handed over', async () => {
    const world = await createWorld()
    const { delegation } = await world.obtain()
    const options = { id: idOf(delegation), operator: world.operator.did }
    const requestId = (await world.issuer.findDelegation(options.id))?.issued?.requestId ?? ''
    const collect = (): Promise<unknown> => world.issuer.collect({ id: requestId, agent: world.agent.did })
    await world.issuer.suspendDelegation(options)
    await expect(collect()).rejects.toThrow(refused('credential_suspended', 0))
    await world.issuer.resumeDelegation(options)
    await expect(collect()).resolves.toMatchObject({ delegation })
  })

  test('that was revoked does not come back: neither resumed nor suspended any more', async () => {
    const { world, root } = await createFamily()
    const options = { id: idOf(root), operator: world.operator.did }
    await world.issuer.suspendDelegation(options)
    await world.issuer.revokeDelegation({ id: idOf(root), caller: { did: options.operator, operator: true } })
    await expect(world.issuer.resumeDelegation(options)).rejects.toThrow(refused('credential_revoked'))
    await expect(world.issuer.suspendDelegation(options)).rejects.toThrow(refused('credential_revoked'))
    expect(await readSuspended(world, root)).toEqual([true])
    await expect(world.issuer.listDelegations()).resolves.toMatchObject([
      { revokedAbove: idOf(root), suspendedAbove: idOf(root) },
      { revoked: { by: options.operator } },
    ])
  })
})
