import { join } from 'node:path'
import { IssuerError } from '@behalf/issuer'
import { describe, expect, test, vi } from 'vitest'
import { describeFault } from '../src/authority-log.ts'
import { createAuthority, createAuthorityLog } from '../src/index.ts'
import {
  ASK_ALWAYS,
  ASKED,
  createTestClock,
  createWorld,
  seedOf,
  temporaryFolder,
  type World,
} from './support/authority-world.ts'

const lines = (world: World): Record<string, unknown>[] => world.log.map((line) => JSON.parse(line))

describe('the log', () => {
  test('has one line for each call: what was called, and how it ended', async () => {
    const world = await createWorld()
    const { id } = await world.agent.client.createRequest(ASKED)
    await world.agent.send({ path: `/delegation-requests/${id}` })
    await world.party('stranger').send({ path: `/delegation-requests/${id}` })
    await world.get('/nowhere')
    await world.get('/events')
    expect(lines(world).map(({ requestId: _id, milliseconds: _time, ...line }) => line)).toEqual([
      { method: 'POST', route: '/delegation-requests', status: 201, message: 'answered' },
      { method: 'GET', route: '/delegation-requests/{id}', status: 200, message: 'answered' },
      {
        method: 'GET',
        route: '/delegation-requests/{id}',
        status: 404,
        code: 'not_found',
        message: 'answered',
      },
      { method: 'GET', route: '(none)', status: 404, code: 'not_found', message: 'answered' },
      { method: 'GET', route: '/events', status: 401, code: 'signature_missing', message: 'answered' },
    ])
  })

  test('names each call as its answer does', async () => {
    const world = await createWorld()
    const answers = [
      await world.get('/health'),
      await world.get('/nowhere'),
      await world.get('/events'),
      await world.operator.send({ path: '/events' }),
      await world.agent.send({ path: '/events' }),
      await world.get('/status/heartbeat', { 'if-none-match': '*' }),
    ]
    const ids = answers.map(({ headers }) => headers.get('request-id'))
    expect(lines(world).map(({ requestId }) => requestId)).toEqual(ids)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { json, headers } of answers.filter(({ code }) => code !== undefined)) {
      expect(json.request_id).toBe(headers.get('request-id'))
    }
  })

  test('never takes the name of a call from the caller', async () => {
    const world = await createWorld()
    const answer = await world.get('/health', { 'request-id': 'mine', 'x-request-id': 'mine' })
    expect(answer.headers.get('request-id')).toMatch(/^[0-9A-Z]{26}$/u)
    expect(world.log.join()).not.toContain('mine')
  })

  test('holds no key, signature, credential, body or query', async () => {
    const world = await createWorld()
    const { id } = await world.agent.client.createRequest({
      ...ASKED,
      agentName: 'Nameful',
      maxDelegationDepth: 1,
    })
    await world.operator.client.approve(id, { version: 1 })
    const { delegation } = await world.agent.client.collect(id)
    await world.operator.client.revoke({ agent: world.party('other').did }, 'a reason')
    await world.operator.send({ path: '/events?after=0' })
    const log = world.log.join('\n')
    for (const secret of [
      ...delegation.split('.'),
      id,
      'Nameful',
      'a reason',
      'acct-42',
      'after=0',
      world.agent.did,
      'sig=',
      'nonce',
    ]) {
      expect(log).not.toContain(secret)
    }
  })

  test('tells of a fault, which the answer does not', async () => {
    const world = await createWorld()
    // The store breaks under the running authority.
    vi.spyOn(world.authority.issuer, 'listEvents').mockRejectedValue(new RangeError('disk full at sector 7'))
    const answer = await world.operator.send({ path: '/events' })
    expect([answer.status, answer.code]).toEqual([500, 'internal_error'])
    expect(answer.text).not.toContain('sector')
    const fault = lines(world).find(({ message }) => message === 'fault')
    expect(fault).toMatchObject({ fault: 'RangeError', detail: 'disk full at sector 7' })
    expect(fault?.requestId).toBe(answer.headers.get('request-id'))
  })

  test('takes a refusal that is none of HTTP for the fault it is', async () => {
    const world = await createWorld()
    const odd = new IssuerError('policy_invalid', 'not for the wire')
    vi.spyOn(world.authority.issuer, 'listEvents').mockRejectedValue(odd)
    const answer = await world.operator.send({ path: '/events' })
    expect([answer.status, answer.code]).toEqual([500, 'internal_error'])
    expect(lines(world).map(({ message, code }) => [message, code])).toEqual([
      ['fault', undefined],
      ['answered', 'internal_error'],
    ])
  })

  test('tells of a heartbeat that failed, and the authority goes on', async () => {
    const world = await createWorld()
    const heart = vi.spyOn(world.authority.issuer, 'heartbeat').mockRejectedValueOnce(new Error('no space'))
    await world.beat()
    expect(lines(world).at(-1)).toMatchObject({ message: 'heartbeat failed', detail: 'no space' })
    heart.mockRestore()
    await world.beat()
    expect((await world.published()).sequence).toBe(2)
  })

  test('is JSON, a line each, whatever is in it', () => {
    const written: string[] = []
    const log = createAuthorityLog((line) => written.push(line))
    log.info({ route: 'a\nb\u001b[31m"', status: 200, code: undefined }, 'answered')
    log.warn({}, 'careful')
    log.error(describeFault(new TypeError('bad')), 'fault')
    log.error(describeFault('thrown text'), 'fault')
    expect(written.join('')).toMatch(/^(?:\{[\x20-\x7e]*\}\n){4}$/u)
    const [info, warn, error, odd] = written.map((line): unknown => JSON.parse(line))
    expect(info).toMatchObject({ level: 30, route: 'a\nb\u001b[31m"', status: 200, msg: 'answered' })
    expect(warn).toMatchObject({ level: 40, msg: 'careful' })
    expect(error).toMatchObject({ level: 50, fault: 'TypeError', detail: 'bad' })
    expect(odd).toMatchObject({ fault: 'string' })
  })

  test('goes to standard error unless told otherwise', async () => {
    const folder = temporaryFolder()
    const authority = await createAuthority({
      databasePath: join(folder, 'authority.db'),
      issuerSeed: seedOf('authority'),
      origin: 'http://127.0.0.1:1',
      policy: ASK_ALWAYS,
      operators: [],
      clock: createTestClock(),
    })
    await authority.close()
    expect(authority.issuerDid).toMatch(/^did:key:z6Mk/u)
  })
})
