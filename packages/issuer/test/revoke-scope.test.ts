import { describe, expect, test } from 'vitest'
import type { IssuerEvent, RevocationScope } from '../src/index.ts'
import {
  ALICE,
  APPROVE_ENROLLED,
  createParty,
  createWorld,
  delegate,
  idOf,
  READ_ISSUES,
  type World,
} from './support/issuer-world.ts'

const SUB = createParty('sub-agent')
const OTHER = createParty('other agent')
const BOB = { id: 'bob' }
const operator = createParty('operator').did

const codeOf = (outcome: Promise<unknown>): Promise<string> =>
  outcome.then(
    () => 'ok',
    (error) => error.code,
  )

async function stoppedOf(world: World): Promise<readonly string[]> {
  const delegations = await world.issuer.listDelegations()
  return delegations.flatMap(({ id, revoked, revokedAbove }) => (revoked || revokedAbove ? [id] : []))
}

async function lastOf(world: World, type: string): Promise<IssuerEvent | undefined> {
  return (await world.issuer.listEvents()).findLast((event) => event.type === type)
}

describe('stopping much at once', () => {
  test('stops every root of a principal with what is below, and no enrolment lets a new one begin', async () => {
    const world = await createWorld({ policy: APPROVE_ENROLLED })
    const mine = await world.obtain({ maxDelegationDepth: 1 })
    const [, child = ''] = await delegate(world, { chain: mine.chain, from: world.agent, to: SUB })
    const theirs = await world.obtain({ onBehalfOf: BOB })
    for (const onBehalfOf of [ALICE, BOB]) {
      const terms = { agent: OTHER.did, capabilities: READ_ISSUES, maxSeconds: 600 }
      await world.issuer.enrol({ operator, onBehalfOf, ...terms })
    }
    const before = await world.issuer.lastHeartbeat()
    const scope = { principal: ALICE.id }
    const receipt = await world.issuer.revokeScope({ scope, operator, reason: 'gone' })
    expect(receipt).toEqual({
      revoked: ALICE.id,
      delegations: [idOf(mine.delegation)],
      sequence: (before?.sequence ?? 0) + 1,
      time: world.now(),
    })
    expect((await stoppedOf(world)).toSorted()).toEqual([idOf(mine.delegation), idOf(child)].toSorted())
    expect(await stoppedOf(world)).not.toContain(idOf(theirs.delegation))
    expect((await world.issuer.listEnrolments()).map(({ onBehalfOf }) => onBehalfOf)).toEqual([BOB])
    expect((await lastOf(world, 'principal_revoked'))?.data).toEqual({
      principal: { issuer: world.authority.did, id: ALICE.id },
      by: operator,
      reason: 'gone',
    })
    expect((await lastOf(world, 'delegation_revoked'))?.data).toMatchObject({ by: operator, reason: 'gone' })
  })

  test('stops a run of a workflow, or all of it, and nothing else', async () => {
    const world = await createWorld()
    const run = async (workflow?: { id: string; run?: string }): Promise<string> =>
      idOf((await world.obtain(workflow && { workflow })).delegation)
    const first = await run({ id: 'triage', run: '1' })
    const second = await run({ id: 'triage', run: '2' })
    const whole = await run({ id: 'triage' })
    await run({ id: 'other', run: '1' })
    await run()
    const revoke = (workflow: { id: string; run?: string }) =>
      world.issuer.revokeScope({ scope: { workflow }, operator })
    expect(await revoke({ id: 'triage', run: '1' })).toMatchObject({
      revoked: 'triage/1',
      delegations: [first],
    })
    expect((await lastOf(world, 'run_revoked'))?.data).toEqual({
      workflow: { id: 'triage', run: '1' },
      by: operator,
    })
    const again = await revoke({ id: 'triage' })
    expect(again).toMatchObject({ revoked: 'triage', delegations: [second, whole] })
    expect((await stoppedOf(world)).toSorted()).toEqual([first, second, whole].toSorted())
    expect((await revoke({ id: 'nothing' })).delegations).toEqual([])
  })

  test('leaves nothing that a child could be registered under', async () => {
    const world = await createWorld()
    const root = await world.obtain({ maxDelegationDepth: 1, workflow: { id: 'triage' } })
    await world.issuer.revokeScope({ scope: { workflow: { id: 'triage' } }, operator })
    const child = delegate(world, { chain: root.chain, from: world.agent, to: SUB })
    expect(await codeOf(child)).toBe('credential_revoked')
  })

  test.each<[string, RevocationScope]>([
    ['principal.id', { principal: '' }],
    ['principal.id', { principal: 'a\u202eb' }],
    ['workflow.id', { workflow: { id: 'x'.repeat(201) } }],
    ['workflow.run', { workflow: { id: 'x', run: '\n' } }],
  ])('takes no %s that hides something: %j', async (field, scope) => {
    const world = await createWorld()
    const refused = world.issuer.revokeScope({ scope, operator })
    await expect(refused).rejects.toMatchObject({ code: 'input_invalid', field })
  })

  test('is not for a key that was revoked itself', async () => {
    const world = await createWorld()
    await world.issuer.revokeKey({ agent: operator, operator: createParty('another').did })
    const scope = { principal: ALICE.id }
    expect(await codeOf(world.issuer.revokeScope({ scope, operator }))).toBe('key_revoked')
  })
})
