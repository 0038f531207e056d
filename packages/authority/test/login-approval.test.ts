import { parseDelegation, verifyApprovalEvidence } from '@behalf/credential'
import { beforeEach, describe, expect, test } from 'vitest'
import { ask } from './support/ask.ts'
import {
  createPolicy,
  createWorld,
  freePort,
  type RawAnswer,
  type World,
  type WorldOptions,
} from './support/authority-world.ts'
import { approve, type Browser, claim, textOf } from './support/browser.ts'
import { type Company, startCompany } from './support/company.ts'
import { logInAtCompany } from './support/company-trip.ts'
import { listOf } from './support/read-answer.ts'

const ASK_TWO = createPolicy('two', 'permit (principal, action == Action::"ask-two", resource);')
const CAROLS = { onBehalfOf: { id: 'carol' } }

let first: World
let company: Company
beforeEach(async () => {
  const port = await freePort()
  first = await createWorld()
  company = await startCompany(first.origin, port)
})

async function start(more: WorldOptions = {}): Promise<World> {
  const world = await first.restart({ oidc: company.options, ...more })
  // The provider has a clock of its own, that of the machine.
  world.clock.advance((Date.now() - world.clock()) / 1000)
  await claim(world)
  return world
}

async function logIn(world: World): Promise<Browser> {
  return (await logInAtCompany(world)).browser
}

/** Prepares, and says yes without a passkey. */
async function approveWithout(carol: Browser, id: string, more: object = {}): Promise<RawAnswer> {
  const prepared = await carol.send('/api/approvals', { requests: [{ id, version: 1 }], ...more })
  return carol.send(`/api/approvals/${textOf(prepared, 'approval')}`, { login: true })
}

describe('where a login may approve', () => {
  const DANGEROUS = { dangerouslyLetLoginApprove: true }

  test('credential, evidence and page say that it was one', async () => {
    const world = await start(DANGEROUS)
    const carol = await logIn(world)
    expect((await carol.get('/api/session')).json).toMatchObject({ login_approves: true })
    const id = await ask(world, CAROLS)
    expect((await carol.get(`/api/requests/${id}`)).json).not.toHaveProperty('approval_method')
    const done = await approveWithout(carol, id)
    expect(listOf(done.json, 'requests')).toMatchObject([
      { id, status: 'approved', approval_method: 'login', decided_by: 'carol', approvals: [{ by: 'carol' }] },
    ])
    const { delegation, evidence } = await world.agent.client.collect(id)
    const root = parseDelegation(delegation)
    expect(root.approval?.method).toBe('login')
    expect(await verifyApprovalEvidence(evidence ?? null, { delegation: root })).toMatchObject({
      method: 'login',
      isProven: false,
      approvals: [],
      statement: { by: 'carol' },
    })
    const events = await world.authority.issuer.listEvents()
    expect(events.find(({ type }) => type === 'approved')?.data).toMatchObject({
      method: 'login',
      by: 'carol',
    })
  })

  test('a session that began with a passkey does not', async () => {
    const world = await start(DANGEROUS)
    const carol = await logIn(world)
    const begun = await carol.send('/api/passkeys/options')
    const response = await carol.passkey.register(Object(begun.json['options']))
    await carol.send('/api/passkeys', { ceremony: begun.json['ceremony'], passkey_name: 'key', response })
    await carol.login()
    expect((await carol.get('/api/session')).json).toMatchObject({ login_approves: false })
    const id = await ask(world, CAROLS)
    expect((await approveWithout(carol, id)).code).toBe('step_up_required')
    const done = await approve(carol, [{ id, version: 1 }])
    expect(listOf(done.json, 'requests')).toMatchObject([{ approval_method: 'passkey' }])
  })

  test('it has to be said, and an enrolment takes a passkey', async () => {
    const world = await start(DANGEROUS)
    const carol = await logIn(world)
    const id = await ask(world, CAROLS)
    const prepared = await carol.send('/api/approvals', { requests: [{ id, version: 1 }] })
    const path = `/api/approvals/${textOf(prepared, 'approval')}`
    expect((await carol.send(path, {})).code).toBe('step_up_required')
    const valid_until = new Date(world.clock() + 3_600_000).toISOString()
    const enrol = { valid_until, max_seconds: 60 }
    expect((await approveWithout(carol, id, { enrol })).code).toBe('forbidden')
    expect((await carol.send(path, { login: false })).code).toBe('input_invalid')
    expect((await carol.send(path, { login: true })).status).toBe(200)
    expect((await carol.send(path, { login: true })).code).toBe('webauthn_challenge_invalid')
  })

  test('not in another session of the same person', async () => {
    const world = await start(DANGEROUS)
    const [carol, again] = [await logIn(world), await logIn(world)]
    const id = await ask(world, CAROLS)
    const prepared = await carol.send('/api/approvals', { requests: [{ id, version: 1 }] })
    const elsewhere = await again.send(`/api/approvals/${textOf(prepared, 'approval')}`, { login: true })
    expect(elsewhere.code).toBe('webauthn_challenge_invalid')
  })

  test('it is never one of two people', async () => {
    const world = await start({ ...DANGEROUS, policy: ASK_TWO })
    const carol = await logIn(world)
    const id = await ask(world, CAROLS)
    expect((await approveWithout(carol, id)).code).toBe('forbidden')
    expect((await carol.get(`/api/requests/${id}`)).json).toMatchObject({ status: 'pending', approvals: [] })
  })
})

describe('elsewhere', () => {
  test('a login does not approve', async () => {
    const world = await start()
    const carol = await logIn(world)
    expect((await carol.get('/api/session')).json).toMatchObject({ login_approves: false })
    const id = await ask(world, CAROLS)
    expect((await approveWithout(carol, id)).code).toBe('step_up_required')
    expect((await carol.get(`/api/requests/${id}`)).json).toMatchObject({ status: 'pending' })
  })

  test('there is nothing to let approve without a company login', async () => {
    await expect(createWorld({ dangerouslyLetLoginApprove: true })).rejects.toThrow(TypeError)
  })
})
