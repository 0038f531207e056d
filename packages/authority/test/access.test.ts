import { digestSha256 } from '@behalf/core'
import { parseDelegation } from '@behalf/credential'
import { beforeEach, describe, expect, test } from 'vitest'
import { accessOf, checkAccess } from '../src/access.ts'
import { ACCESS, AuthorityError, type RouteName } from '../src/index.ts'
import {
  ASK_ALWAYS,
  ASKED,
  createWorld,
  type Party,
  type RawAnswer,
  type World,
} from './support/authority-world.ts'

const ABSENT = 'urn:uuid:00000000-0000-4000-8000-000000000000'
const NAMES = Object.keys(ACCESS) as RouteName[]
const SIGNED = NAMES.filter((name) => ACCESS[name] !== 'public' && ACCESS[name] !== 'client')
const OF_CLIENTS = NAMES.filter((name) => ACCESS[name] === 'client')
const OF_OPERATORS = NAMES.filter((name) => ACCESS[name] === 'operator')

/** What public routes are asked for, where they take a query. */
const QUERIES: Readonly<Record<string, string>> = {
  'GET /log/proof/inclusion': '?index=0&size=1',
  'GET /log/proof/consistency': '?from=0&to=1',
}

/** A body that each route would take, as far as its form goes. */
const BODIES: Readonly<Record<string, unknown>> = {
  'POST /delegation-requests/{id}/approve': { version: 1 },
  'POST /delegation-requests/{id}/deny': { version: 1 },
  'POST /delegation-requests/{id}/collect': {},
  'POST /revocations': { delegation: ABSENT },
}

async function call(party: Party, name: RouteName, id = ABSENT): Promise<RawAnswer> {
  const [method = '', path = ''] = name.split(' ')
  const body = BODIES[name]
  return party.send({
    method,
    path: path
      .replace('{id}', id)
      .replace('{number}', '1')
      .replace('{list}', id)
      .replace('{digest}', ASK_ALWAYS.digest)
      .replace('{did}', party.did),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

/** Id of a delegation that there is. */
async function obtain({ agent, operator }: World): Promise<string> {
  const { id } = await agent.client.createRequest(ASKED)
  const { delegationId = '' } = await operator.client.approve(id, { version: 1 })
  return delegationId
}

/** A problem without what differs from call to call. */
function problemOf({ status, json }: RawAnswer): object {
  return { ...json, status, request_id: '' }
}

describe('who may call what', () => {
  let world: World
  let stranger: Party
  beforeEach(async () => {
    world = await createWorld()
    stranger = world.party('stranger')
  })

  test('every route but the public ones wants a signature', async () => {
    for (const name of SIGNED) {
      const [method = '', path = ''] = name.split(' ')
      const response = await fetch(`${world.origin}${path.replace('{id}', ABSENT)}`, { method })
      const problem: unknown = await response.json()
      expect([name, response.status, problem]).toEqual([
        name,
        401,
        expect.objectContaining({ code: 'signature_missing' }),
      ])
    }
  })

  test('those of OAuth clients want a proof of the key, and say so in their form', async () => {
    expect(OF_CLIENTS).toEqual(['POST /token', 'POST /introspect', 'POST /revoke'])
    for (const name of OF_CLIENTS) {
      const [method = '', path = ''] = name.split(' ')
      const response = await fetch(`${world.origin}${path}`, { method })
      const refusal: unknown = await response.json()
      expect([name, response.status, refusal]).toEqual([
        name,
        400,
        expect.objectContaining({ error: 'invalid_dpop_proof', code: 'invalid_dpop_proof' }),
      ])
    }
  })

  test('the public ones want none', async () => {
    const publicOnes = NAMES.filter((name) => ACCESS[name] === 'public' && name.startsWith('GET'))
    const statuses = await Promise.all(
      publicOnes.map(async (name) => {
        const path = `${name.split(' ')[1] ?? ''}${QUERIES[name] ?? ''}`
          .replace('{id}', ABSENT)
          .replace('{number}', '1')
        const { status, body } = await fetch(`${world.origin}${path}`)
        // One of them has no end.
        await body?.cancel()
        return status
      }),
    )
    expect(statuses).toEqual(publicOnes.map(() => 200))
  })

  test('what is for operators is for nobody else: hidden where it names one thing, forbidden where it lists', async () => {
    for (const name of OF_OPERATORS) {
      const answer = await call(stranger, name)
      const expected = name.includes('{') ? [404, 'not_found'] : [403, 'forbidden']
      expect([name, answer.status, answer.code]).toEqual([name, ...expected])
    }
  })

  test('operators get through to all of it', async () => {
    const id = await obtain(world)
    const list = digestSha256(await world.operator.client.statusList(1))
    for (const name of OF_OPERATORS.filter((route) => route.startsWith('GET'))) {
      const { status } = await call(world.operator, name, name.includes('{list}') ? list : id)
      expect([name, status]).toEqual([name, 200])
    }
  })

  test('a signature by the wrong key for its name proves nothing', async () => {
    const answer = await world.operator.send({
      path: '/events',
      headers: { 'signature-input': 'sig=()' },
      signed: false,
    })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
  })

  test('what is not yours looks like what is not there', async () => {
    const { id } = await world.agent.client.createRequest({ ...ASKED, maxDelegationDepth: 1 })
    const { delegationId = '' } = await world.operator.client.approve(id, { version: 1 })
    const routes: RouteName[] = [
      'GET /delegation-requests/{id}',
      'POST /delegation-requests/{id}/collect',
      'POST /delegation-requests/{id}/approve',
      'POST /delegation-requests/{id}/deny',
      'DELETE /enrolments/{id}',
    ]
    for (const name of routes) {
      const [foreign, absent, odd] = [
        await call(stranger, name, id),
        await call(stranger, name),
        await call(stranger, name, "'%20OR%201=1%20--"),
      ]
      expect([name, problemOf(foreign)]).toEqual([name, problemOf(absent)])
      expect([name, problemOf(odd)]).toEqual([name, problemOf(absent)])
      expect(absent.status).toBe(404)
    }
    const revoke = (delegation: string): Promise<RawAnswer> =>
      stranger.send({ method: 'POST', path: '/revocations', body: JSON.stringify({ delegation }) })
    expect(problemOf(await revoke(delegationId))).toEqual(problemOf(await revoke(ABSENT)))
    expect((await world.published()).isRevoked('0')).toBe(false)
    await expect(world.operator.client.listDelegations()).resolves.toMatchObject([{ status: 'active' }])
  })

  test('a chain is of no use to anybody but its subject', async () => {
    const { id } = await world.agent.client.createRequest({ ...ASKED, maxDelegationDepth: 1 })
    await world.operator.client.approve(id, { version: 1 })
    const { delegation, chain } = await world.agent.client.collect(id)
    const register = stranger.client.registerChild(parseDelegation(delegation).id, { chain, child: {} })
    await expect(register).rejects.toThrow(expect.objectContaining({ code: 'not_found', status: 404 }))
  })

  test('the agent that asked reads its request, another agent does not', async () => {
    const { id } = await world.agent.client.createRequest(ASKED)
    await expect(world.agent.client.getRequest(id)).resolves.toMatchObject({ id, status: 'pending' })
    await expect(world.operator.client.getRequest(id)).resolves.toMatchObject({ id })
    await expect(stranger.client.getRequest(id)).rejects.toThrow(
      expect.objectContaining({ code: 'not_found' }),
    )
  })

  test('an operator whose key is revoked is one no more', async () => {
    const second = world.party('second operator')
    const restarted = await world.restart({ operators: [{ did: second.did, name: 'second operator' }] })
    await expect(restarted.operator.client.listEnrolments()).resolves.toEqual([])
    await second.client.revoke({ agent: restarted.operator.did })
    const listing = restarted.operator.client.listEnrolments()
    await expect(listing).rejects.toThrow(expect.objectContaining({ code: 'key_revoked' }))
    await expect(second.client.listEnrolments()).resolves.toEqual([])
  })

  test('no route takes another method than its own', async () => {
    const paths = new Set(NAMES.map((name) => name.split(' ')[1] ?? ''))
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        if (NAMES.includes(`${method} ${path}` as RouteName)) continue
        const answer = await world.operator.send({
          method,
          path: path.replace('{id}', ABSENT).replace('{number}', '1'),
        })
        expect([method, path, answer.status, answer.code]).toEqual([method, path, 404, 'not_found'])
      }
    }
  })

  test('no other route exists', async () => {
    for (const path of ['/', '/operators', '/delegations/', '/status/lists', '/status/lists/', '/admin']) {
      const answer = await world.get(path)
      expect([path, answer.status, answer.code]).toEqual([path, 404, 'not_found'])
      expect(answer.headers.get('request-id')).toMatch(/^[0-9A-Z]{26}$/u)
    }
  })
})

describe('the table of access', () => {
  test('refuses a route that it does not know', () => {
    expect(() => accessOf('GET /nowhere')).toThrow(TypeError)
  })

  test('is what the check goes by', () => {
    const nobody = { did: 'did:key:zNobody', operator: false, api: undefined, auditor: false }
    const operator = { did: 'did:key:zOperator', operator: true, api: undefined, auditor: false }
    const auditor = { ...nobody, auditor: true }
    const api = { did: 'did:key:zApi', origins: ['https://api.test'], addedAt: 0, addedBy: operator.did }
    const ofApis = SIGNED.filter((route) => ACCESS[route] === 'api')
    for (const name of SIGNED.filter((route) => ACCESS[route] !== 'api')) {
      expect(() => checkAccess(name, operator)).not.toThrow()
    }
    for (const name of ofApis) {
      expect(() => checkAccess(name, operator)).toThrow(expect.objectContaining({ code: 'forbidden' }))
      expect(() => checkAccess(name, { ...nobody, did: api.did, api })).not.toThrow()
    }
    for (const name of OF_OPERATORS) {
      expect(() => checkAccess(name, nobody)).toThrow(AuthorityError)
      expect(() => checkAccess(name, auditor)).toThrow(AuthorityError)
    }
    const ofAuditors = SIGNED.filter((route) => ACCESS[route] === 'auditor')
    expect(ofAuditors).toEqual(['GET /log/entries'])
    for (const name of ofAuditors) {
      expect(() => checkAccess(name, nobody)).toThrow(expect.objectContaining({ code: 'forbidden' }))
      expect(() => checkAccess(name, auditor)).not.toThrow()
    }
    for (const name of SIGNED.filter((route) => ACCESS[route] === 'key')) {
      expect(() => checkAccess(name, nobody)).not.toThrow()
    }
  })
})
