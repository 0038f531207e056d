import { parseDelegation, renderDelegation, verifyStatusList } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import {
  ALICE,
  APPROVE_ENROLLED,
  createParty,
  createWorld,
  delegate,
  idOf,
  ORIGIN,
  READ_ISSUES,
  type World,
} from './support/issuer-world.ts'

const PERSON = { id: ALICE.id, tenant: ALICE.tenant }
const OTHER = createParty('other agent')
const SUB = createParty('sub-agent')

async function isRevoked(world: World, jws: string): Promise<boolean> {
  const stored = await world.issuer.statusList({ number: 1, purpose: 'revocation' })
  const list = verifyStatusList(stored?.jws ?? '', {
    issuer: world.authority.did,
    issuers: () => world.authority.signer.publicKey,
    now: world.now(),
    id: `${ORIGIN}/status/lists/1`,
  })
  return list.isSet(Number(parseDelegation(jws).status.statusListIndex))
}

async function enrol(
  world: World,
  agent: string,
  onBehalfOf: { readonly id: string } = ALICE,
): Promise<string> {
  const { id } = await world.issuer.enrol({
    person: PERSON,
    agent,
    onBehalfOf,
    capabilities: READ_ISSUES,
    maxSeconds: 600,
  })
  return id
}

describe('stopping everything of a person', () => {
  test('revokes every root and withdraws every enrolment, and nothing of anybody else', async () => {
    const world = await createWorld({ policy: APPROVE_ENROLLED })
    const first = await world.obtain({ maxDelegationDepth: 1 })
    const [, child = ''] = await delegate(world, { chain: first.chain, from: world.agent, to: SUB })
    const second = await world.obtain({ agent: OTHER.did })
    const foreign = await world.obtain({ onBehalfOf: { id: 'bob' } })
    const [mine, theirs] = [await enrol(world, OTHER.did), await enrol(world, OTHER.did, { id: 'bob' })]
    const before = await world.issuer.lastHeartbeat()
    const receipt = await world.issuer.revokePrincipal({ person: PERSON, reason: 'Enough' })
    expect(receipt).toEqual({
      revoked: [idOf(first.delegation), idOf(second.delegation)],
      withdrawn: [mine],
      sequence: (before?.sequence ?? 0) + 1,
      time: world.now(),
    })
    expect(await isRevoked(world, first.delegation)).toBe(true)
    expect(await isRevoked(world, second.delegation)).toBe(true)
    expect(await isRevoked(world, child)).toBe(false)
    expect(await isRevoked(world, foreign.delegation)).toBe(false)
    const listed = await world.issuer.listDelegations()
    expect(listed.find(({ id }) => id === idOf(child))?.revokedAbove).toBe(idOf(first.delegation))
    expect((await world.issuer.listEnrolments()).map(({ id }) => id)).toEqual([theirs])
    const events = (await world.issuer.listEvents()).slice(-3)
    expect(events.map(({ type, data }) => [type, data.by])).toEqual([
      ['delegation_revoked', ALICE.id],
      ['delegation_revoked', ALICE.id],
      ['enrolment_withdrawn', ALICE.id],
    ])
    expect((await world.ask({ agent: OTHER.did })).status).toBe('pending')
  })

  test('of what has ended or is revoked already leaves it as it is', async () => {
    const world = await createWorld()
    await world.obtain({ validForSeconds: 60 })
    const revoked = await world.obtain()
    await world.issuer.revokeDelegation({
      id: idOf(revoked.delegation),
      caller: { person: PERSON },
      reason: 'First',
    })
    world.advance(60)
    expect(await world.issuer.revokePrincipal({ person: PERSON })).toMatchObject({
      revoked: [],
      withdrawn: [],
    })
    const listed = await world.issuer.listDelegations()
    expect(listed.map((delegation) => delegation.revoked?.reason)).toEqual(['First', undefined])
  })

  test('takes no reason that hides something', async () => {
    const world = await createWorld()
    const stop = world.issuer.revokePrincipal({ person: PERSON, reason: 'a\u202eb' })
    await expect(stop).rejects.toThrow(expect.objectContaining({ code: 'input_invalid', field: 'reason' }))
  })
})

describe('stopping one agent of a person', () => {
  test('revokes what it was given and what was passed on to it, and leaves other agents alone', async () => {
    const world = await createWorld({ policy: APPROVE_ENROLLED })
    const given = await world.obtain({ maxDelegationDepth: 1 })
    const [, child = ''] = await delegate(world, { chain: given.chain, from: world.agent, to: SUB })
    const own = await world.obtain({ agent: SUB.did })
    const [mine, others] = [await enrol(world, SUB.did), await enrol(world, OTHER.did)]
    const receipt = await world.issuer.revokePrincipal({ person: PERSON, agent: SUB.did })
    expect(receipt).toMatchObject({ revoked: [idOf(child), idOf(own.delegation)], withdrawn: [mine] })
    expect(await isRevoked(world, given.delegation)).toBe(false)
    expect((await world.issuer.listEnrolments()).map(({ id }) => id)).toEqual([others])
  })
})

describe('a person', () => {
  test('revokes what is theirs and nothing else, unless they are an operator', async () => {
    const world = await createWorld()
    const { delegation } = await world.obtain({ onBehalfOf: { id: 'bob' } })
    const revoke = (isOperator: boolean): Promise<unknown> =>
      world.issuer.revokeDelegation({ id: idOf(delegation), caller: { person: PERSON, isOperator } })
    await expect(revoke(false)).rejects.toThrow(expect.objectContaining({ code: 'not_found' }))
    await expect(revoke(true)).resolves.toMatchObject({ revoked: idOf(delegation) })
    const [listed] = await world.issuer.listDelegations()
    expect(listed?.revoked?.by).toBe(ALICE.id)
  })

  test('withdraws their own enrolments and nobody else’s', async () => {
    const world = await createWorld()
    const id = await enrol(world, OTHER.did, { id: 'bob' })
    const withdraw = world.issuer.withdrawEnrolment({ id, person: PERSON })
    await expect(withdraw).rejects.toThrow(expect.objectContaining({ code: 'not_found' }))
    await expect(world.issuer.withdrawEnrolment({ id, person: { id: 'bob' } })).resolves.toMatchObject({ id })
    const other = await enrol(world, OTHER.did, { id: 'bob' })
    const asOperator = world.issuer.withdrawEnrolment({ id: other, person: PERSON, isOperator: true })
    await expect(asOperator).resolves.toMatchObject({ id: other })
  })

  test('revokes a key as an operator, and stands in the record', async () => {
    const world = await createWorld()
    await world.issuer.revokeKey({ agent: OTHER.did, person: PERSON })
    expect((await world.issuer.listEvents()).at(-1)).toMatchObject({
      type: 'key_revoked',
      data: { subject: OTHER.did, by: ALICE.id },
    })
  })
})

describe('the terms of a request, for people to read', () => {
  const sentencesOf = async (world: World, id: string): Promise<readonly string[]> => {
    const request = (await world.issuer.listRequests()).find((known) => known.id === id)
    if (!request) throw new Error('no request')
    return renderDelegation(await world.issuer.previewRequest(request)).sentences
  }
  const validity = (sentences: readonly string[]): string | undefined =>
    sentences.find((sentence) => sentence.startsWith('This holds'))

  test('run from now as long as it waits, and from when it was asked once it has ended', async () => {
    const world = await createWorld()
    const { id } = await world.ask({ validForSeconds: 60 })
    world.advance(30)
    expect(validity(await sentencesOf(world, id))).toBe(
      'This holds from 2026-11-24 12:00:30 UTC to 2026-11-24 12:01:30 UTC: 1 minute.',
    )
    world.advance(900)
    expect(validity(await sentencesOf(world, id))).toContain('from 2026-11-24 12:00:00 UTC')
  })

  test('are those that were approved, when less was approved', async () => {
    const world = await createWorld()
    const { id, version } = await world.ask({ validForSeconds: 60 })
    const narrow = { validForSeconds: 10, maxUses: 3 }
    await world.issuer.approve({ id, version, operator: world.operator.did, narrow })
    world.advance(5)
    const sentences = await sentencesOf(world, id)
    expect(validity(sentences)).toBe(
      'This holds from 2026-11-24 12:00:00 UTC to 2026-11-24 12:00:10 UTC: 10 seconds.',
    )
    expect(sentences.join(' ')).toContain('at most 3 requests')
  })
})
