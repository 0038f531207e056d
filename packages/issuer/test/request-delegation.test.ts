import type { JsonValue } from '@behalf/core'
import { parseDelegation } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import type { DelegationQuestion } from '../src/index.ts'
import {
  ALICE,
  APPROVE_ENROLLED,
  createParty,
  createPolicy,
  createWorld,
  READ_ALL,
  READ_ISSUES,
  READ_ONE,
  START,
  type World,
} from './support/issuer-world.ts'

const refused = (code: string, field?: string): unknown =>
  expect.objectContaining({ code, ...(field !== undefined && { field }) })
const eventTypes = (world: World): string[] => world.store.state().events.map((event) => event.type)

describe('a request for a delegation', () => {
  test('waits for an operator, with defaults filled in', async () => {
    const world = await createWorld()
    const request = await world.ask({ agentName: 'Summariser' })
    expect(request).toMatchObject({
      version: 1,
      agent: world.agent.did,
      agentName: 'Summariser',
      status: 'pending',
      requestedAt: START,
      expiresAt: START + 900_000,
      policy: { id: 'ask', decision: 'ask-one', rule: 'ask.cedar:1' },
      terms: {
        onBehalfOf: ALICE,
        validForSeconds: 600,
        maxDelegationDepth: 0,
        purpose: 'Sum up the open issues',
      },
    })
    expect(request.id).toMatch(/^urn:uuid:/u)
    expect(eventTypes(world)).toEqual(['policy_loaded', 'requested', 'policy_decided'])
  })

  test('keeps what was asked for', async () => {
    const world = await createWorld()
    const asked = {
      validForSeconds: 3600,
      maxUses: 5,
      maxDelegationDepth: 2,
      workflow: { id: 'triage', run: '2026-11-24' },
      onBehalfOf: { id: 'acct-42', role: 'maintainer', tenant: 'acme' },
    }
    const { terms } = await world.ask(asked)
    expect(terms).toMatchObject(asked)
  })

  test.each<[string, Partial<DelegationQuestion>, string]>([
    ['an agent name that hides its end', { agentName: 'Invoice\u202Ecod.exe' }, 'agent_name'],
    ['a purpose of two lines', { purpose: 'a\nb' }, 'purpose'],
    ['a purpose without end', { purpose: 'x'.repeat(501) }, 'purpose'],
    ['no principal', { onBehalfOf: { id: '' } }, 'on_behalf_of.id'],
    ['a role with a control character', { onBehalfOf: { id: 'a', role: '\u0007' } }, 'on_behalf_of.role'],
    ['a tenant without end', { onBehalfOf: { id: 'a', tenant: 'x'.repeat(201) } }, 'on_behalf_of.tenant'],
    ['a workflow without id', { workflow: { id: '' } }, 'workflow.id'],
    ['a run with a bidi control', { workflow: { id: 'w', run: '\u2067' } }, 'workflow.run'],
    ['no time at all', { validForSeconds: 0 }, 'valid_for_seconds'],
    ['parts of a second', { validForSeconds: 1.5 }, 'valid_for_seconds'],
    ['more time than the issuer gives', { validForSeconds: 3601 }, 'valid_for_seconds'],
    ['no uses', { maxUses: 0 }, 'max_uses'],
    ['uses that are no number', { maxUses: Number.NaN }, 'max_uses'],
    ['a negative depth', { maxDelegationDepth: -1 }, 'max_delegation_depth'],
    ['a depth that no chain has', { maxDelegationDepth: 8 }, 'max_delegation_depth'],
    ['no capabilities', { capabilities: [] }, 'capabilities'],
    ['a capability for nowhere', { capabilities: capability({ locations: [] }) }, 'capabilities'],
    ['a capability for no action', { capabilities: capability({ actions: [] }) }, 'capabilities'],
    ['a capability for no path', { capabilities: capability({ paths: [] }) }, 'capabilities'],
  ])('is refused for %s', async (_name, changes, field) => {
    const world = await createWorld()
    await expect(world.ask(changes)).rejects.toThrow(refused('input_invalid', field))
    expect(world.store.state().requests.size).toBe(0)
  })

  test.each<[string, JsonValue, string]>([
    ['capabilities that are no list', '*', 'scope_malformed'],
    ['a path with the double star in the middle', capability({ paths: ['/**/x'] }), 'scope_malformed'],
    ['a capability without paths', [{ type: 'http', locations: [], actions: [] }], 'credential_malformed'],
    ['a type nobody knows', [{ type: 'smtp', to: '*' }], 'policy_unknown'],
    ['a constraint nobody knows', capability({ constraints: { moon: 'full' } }), 'policy_unknown'],
  ])('is refused for %s', async (_name, capabilities, code) => {
    const world = await createWorld()
    await expect(world.ask({ capabilities })).rejects.toThrow(refused(code))
  })

  test('is refused when its terms do not fit into a credential', async () => {
    const world = await createWorld()
    const paths = Array.from({ length: 600 }, (_, index) => `/a-rather-long-path-${index}`)
    await expect(world.ask({ capabilities: capability({ paths }) })).rejects.toThrow(
      refused('credential_too_large'),
    )
    expect(world.store.state().requests.size).toBe(0)
  })

  test('is refused by the policy, on record and for good', async () => {
    const policy = createPolicy(
      'no-reads',
      `@id("reads") @reason("Not today") forbid (principal, action, resource) when { resource.action == "GET" };
      permit (principal, action, resource);`,
    )
    const world = await createWorld({ policy })
    const request = await world.ask()
    expect(request).toMatchObject({
      status: 'refused',
      policy: { decision: 'refuse', rule: 'reads' },
      decidedBy: 'no-reads',
      reason: 'Not today',
    })
    const { id } = request
    await expect(world.issuer.collect({ id, agent: world.agent.did })).rejects.toThrow(
      refused('access_denied'),
    )
    const approval = world.issuer.approve({ id, version: 1, operator: world.operator.did })
    await expect(approval).rejects.toThrow(refused('approval_consumed'))
    expect(world.store.state().delegations.size).toBe(0)
    expect(eventTypes(world)).toEqual(['policy_loaded', 'requested', 'policy_decided'])
  })

  test('is refused for a revoked key', async () => {
    const world = await createWorld()
    await world.issuer.revokeKey({ agent: world.agent.did, operator: world.operator.did })
    await expect(world.ask()).rejects.toThrow(refused('key_revoked'))
  })
})

describe('what a policy knows of an agent', () => {
  test('is when it first asked, and whether this principal enrolled it for anything', async () => {
    const policy = createPolicy(
      'known',
      `permit (principal, action == Action::"ask-two", resource);
      permit (principal, action == Action::"ask-one", resource)
      when { principal.enrolled || context.time.epoch - principal.firstSeen >= 3600 };`,
    )
    const world = await createWorld({ policy })
    let run = 0
    const decide = async (changes?: Partial<DelegationQuestion>): Promise<string> => {
      run += 1
      return (await world.ask({ workflow: { id: 'w', run: String(run) }, ...changes })).policy.decision
    }
    expect(await decide()).toBe('ask-two')
    world.advance(3599)
    expect(await decide()).toBe('ask-two')
    world.advance(1)
    expect(await decide()).toBe('ask-one')
    const agent = createParty('other').did
    await world.issuer.enrol({
      operator: world.operator.did,
      agent,
      onBehalfOf: ALICE,
      capabilities: READ_ONE,
      maxSeconds: 60,
    })
    expect(await decide({ agent })).toBe('ask-one')
    expect(await decide({ agent, onBehalfOf: { id: 'somebody else' } })).toBe('ask-two')
  })
})

describe('a request of an enrolled agent', () => {
  async function createEnrolledWorld(terms: Record<string, unknown> = {}): Promise<World> {
    const world = await createWorld({ policy: APPROVE_ENROLLED })
    await world.issuer.enrol({
      operator: world.operator.did,
      agent: world.agent.did,
      onBehalfOf: ALICE,
      capabilities: READ_ISSUES,
      maxSeconds: 600,
      maxDelegationDepth: 1,
      ...terms,
    })
    return world
  }

  test('is approved by itself within the enrolled terms, and says so', async () => {
    const world = await createEnrolledWorld()
    const request = await world.ask({ capabilities: READ_ONE, maxDelegationDepth: 1 })
    const [enrolment] = world.store.state().enrolments.keys()
    expect(request).toMatchObject({ status: 'approved', decidedBy: enrolment })
    const { delegation, evidence } = await world.issuer.collect({ id: request.id, agent: world.agent.did })
    expect(parseDelegation(delegation)).toMatchObject({
      approval: { method: 'enrolment' },
      policy: { id: 'enrolled', decision: 'approve-enrolled' },
    })
    expect(evidence).toMatchObject({ method: 'enrolment', by: enrolment })
    expect(eventTypes(world).slice(1)).toEqual([
      'enrolled',
      'requested',
      'policy_decided',
      'approved',
      'issued',
      'collected',
    ])
  })

  test.each<[string, Partial<DelegationQuestion>]>([
    ['more paths', { capabilities: READ_ALL }],
    ['more time', { validForSeconds: 601 }],
    ['more depth', { maxDelegationDepth: 2 }],
    ['another principal', { onBehalfOf: { id: 'acct-43', tenant: 'acme' } }],
    ['another tenant', { onBehalfOf: { id: 'acct-42', tenant: 'other' } }],
    ['no tenant', { onBehalfOf: { id: 'acct-42' } }],
    ['another role', { onBehalfOf: { ...ALICE, role: 'owner' } }],
    ['another agent', { agent: createParty('other').did }],
  ])('waits for a person when it asks for %s', async (_name, changes) => {
    const world = await createEnrolledWorld()
    const request = await world.ask(changes)
    expect(request).toMatchObject({ status: 'pending', policy: { decision: 'ask-one' } })
    expect(world.store.state().delegations.size).toBe(0)
  })

  test('waits for a person where the policy does not approve by itself', async () => {
    const world = await createEnrolledWorld()
    const location = 'https://other.test'
    await world.issuer.enrol({
      operator: world.operator.did,
      agent: world.agent.did,
      onBehalfOf: ALICE,
      capabilities: capability({ locations: [location] }),
      maxSeconds: 600,
    })
    const request = await world.ask({ capabilities: capability({ locations: [location] }) })
    expect(request.status).toBe('pending')
  })

  test('waits for a person once the enrolment has run out', async () => {
    const world = await createEnrolledWorld({ validUntil: START + 60_000 })
    world.advance(59)
    await expect(world.ask()).resolves.toMatchObject({ status: 'approved' })
    world.advance(1)
    await expect(world.ask()).resolves.toMatchObject({ status: 'pending' })
  })

  test('waits for a person once the enrolment is withdrawn', async () => {
    const world = await createEnrolledWorld()
    const [id = ''] = world.store.state().enrolments.keys()
    await world.issuer.withdrawEnrolment({ id, operator: world.operator.did })
    await expect(world.ask()).resolves.toMatchObject({ status: 'pending' })
  })

  test('needs one enrolment that covers it whole', async () => {
    const world = await createEnrolledWorld({ maxSeconds: 60 })
    await world.issuer.enrol({
      operator: world.operator.did,
      agent: world.agent.did,
      onBehalfOf: ALICE,
      capabilities: READ_ONE,
      maxSeconds: 600,
    })
    await expect(world.ask({ capabilities: READ_ISSUES, validForSeconds: 600 })).resolves.toMatchObject({
      status: 'pending',
    })
    await expect(world.ask({ capabilities: READ_ONE, validForSeconds: 600 })).resolves.toMatchObject({
      status: 'approved',
    })
  })
})

function capability(changes: Record<string, JsonValue>): JsonValue {
  return [{ type: 'http', locations: ['https://api.test'], actions: ['GET'], paths: ['/x'], ...changes }]
}
