import { createEd25519Signer } from '@behalf/core'
import { signAccessToken } from '@behalf/credential'
import type { HeldDelegation } from '@behalf/wallet'
import { describe, expect, test } from 'vitest'
import { openDatabase } from '../src/index.ts'
import {
  createWorld,
  didOf,
  type RawAnswer,
  seedOf,
  type World,
  whenDone,
} from './support/authority-world.ts'
import {
  exchangeOf,
  obtain,
  payloadOf,
  post,
  readList,
  readToken,
  spellChain,
  tokenOf,
} from './support/exchange-calls.ts'

interface Begun {
  readonly world: World
  readonly held: HeldDelegation
  readonly token: string
}

async function begin(more: Record<string, unknown> = {}, options = {}): Promise<Begun> {
  const world = await createWorld(options)
  const held = await obtain(world, more)
  return { world, held, token: tokenOf(await post(world, '/token', exchangeOf(held.chain))) }
}

/** What the list says of a token: 0 that it holds. */
async function statusOf({ world, token }: Pick<Begun, 'world' | 'token'>): Promise<number> {
  const claims = await readToken(world, token)
  return (await readList(world, claims)).statusAt(claims.status.index)
}

const introspect = (world: World, token: string, by = 'agent'): Promise<RawAnswer> =>
  post(world, '/introspect', { token, token_type_hint: 'access_token' }, { by })

async function isActive(world: World, token: string, by = 'agent'): Promise<unknown> {
  return (await introspect(world, token, by)).json['active']
}

describe('the status list of tokens', () => {
  test('says of a token that it holds, until its delegation is revoked', async () => {
    const begun = await begin()
    const { world, held, token } = begun
    const other = tokenOf(
      await post(world, '/token', exchangeOf((await obtain(world, { purpose: 'Another' })).chain)),
    )
    expect(await statusOf(begun)).toBe(0)
    await world.operator.client.revoke({ delegation: held.id })
    expect(await statusOf(begun)).toBe(1)
    expect(await statusOf({ world, token: other })).toBe(0)
    expect(await isActive(world, token)).toBe(false)
    expect(await isActive(world, other)).toBe(true)
  })

  test('that it rests while a delegation behind it does, and mints nothing', async () => {
    const begun = await begin({ maxDelegationDepth: 1 })
    const { world, held, token } = begun
    const { chain } = await world.agent.wallet.delegate({ to: didOf('agent 1') })
    const below = tokenOf(await post(world, '/token', exchangeOf(chain), { by: 'agent 1' }))
    const other = tokenOf(
      await post(world, '/token', exchangeOf((await obtain(world, { purpose: 'Another' })).chain)),
    )
    await world.operator.client.suspend(held.id)
    expect([await statusOf(begun), await statusOf({ world, token: below })]).toEqual([2, 2])
    expect(await statusOf({ world, token: other })).toBe(0)
    expect(await isActive(world, token)).toBe(false)
    expect(await post(world, '/token', exchangeOf(held.chain))).toMatchObject({
      code: 'credential_suspended',
    })
    await world.operator.client.resume(held.id)
    expect([await statusOf(begun), await statusOf({ world, token: below })]).toEqual([0, 0])
    expect(await isActive(world, token)).toBe(true)
    await world.operator.client.suspend(held.id)
    await world.operator.client.revoke({ delegation: held.id })
    expect(await statusOf(begun)).toBe(1)
  })

  test('any link: also one above', async () => {
    const { world, held } = await begin({ maxDelegationDepth: 1 })
    const { chain } = await world.agent.wallet.delegate({ to: didOf('agent 1') })
    const token = tokenOf(await post(world, '/token', exchangeOf(chain), { by: 'agent 1' }))
    expect(await statusOf({ world, token })).toBe(0)
    await world.agent.client.revoke({ delegation: held.id })
    expect(await statusOf({ world, token })).toBe(1)
  })

  test('and any key: of an agent in the chain, or of the issuer', async () => {
    const { world } = await begin({ maxDelegationDepth: 1 })
    const { chain } = await world.agent.wallet.delegate({ to: didOf('agent 1') })
    const token = tokenOf(await post(world, '/token', exchangeOf(chain), { by: 'agent 1' }))
    await world.operator.client.revoke({ agent: world.agent.did })
    expect(await statusOf({ world, token })).toBe(1)
    const begun = await begin()
    const claims = await readToken(begun.world, begun.token)
    await begun.world.operator.client.revoke({ issuer_key: begun.held.leaf.kid })
    const list = await readList(begun.world, claims)
    expect([claims.status.index, 0, list.length - 1].map((index) => list.statusAt(index))).toEqual([1, 1, 1])
    expect(await isActive(begun.world, begun.token)).toBe(false)
  })

  test('is signed anew when it changes or is ten seconds old, and stays the same in between', async () => {
    const { world, held } = await begin()
    const read = async (): Promise<string> => (await world.get('/status/token-lists/1')).text
    const first = await read()
    expect(await read()).toBe(first)
    world.clock.advance(9)
    expect(await read()).toBe(first)
    world.clock.advance(1)
    const second = await read()
    expect(second).not.toBe(first)
    expect(payloadOf(second)).toMatchObject({ ttl: 10, exp: Math.floor(world.clock() / 1000) + 60 })
    await world.operator.client.revoke({ delegation: held.id })
    expect(await read()).not.toBe(second)
  })

  test('forgets a token that has ended, and knows no other list', async () => {
    const begun = await begin()
    const { world, held, token } = begun
    const claims = await readToken(world, token)
    await world.operator.client.revoke({ delegation: held.id })
    world.clock.advance(59)
    expect((await readList(world, claims)).statusAt(claims.status.index)).toBe(1)
    world.clock.advance(1)
    expect((await readList(world, claims)).statusAt(claims.status.index)).toBe(0)
    for (const number of ['0', '2', 'x']) {
      expect((await world.get(`/status/token-lists/${number}`)).code).toBe('not_found')
    }
  })

  test('gives every token a place of its own, however many ask at once, and after a restart', async () => {
    const { world, held } = await begin()
    const ask = async (at: World): Promise<string> =>
      JSON.stringify(payloadOf(tokenOf(await post(at, '/token', exchangeOf(held.chain))))['status'])
    const first = await Promise.all(Array.from({ length: 12 }, () => ask(world)))
    const again = await world.restart()
    const second = await Promise.all(Array.from({ length: 4 }, () => ask(again)))
    expect(new Set([...first, ...second]).size).toBe(16)
  })
})

test('tokens are forgotten long after their end, and lists go on where they were', async () => {
  const { world, token } = await begin()
  const first = await readToken(world, token)
  await world.authority.close()
  const raw = openDatabase(world.databasePath)
  const columns = '(number, id, agent, audience, issued_at, expires_at, list, list_index)'
  raw.exec(`insert into tokens ${columns} values (200000, 'urn:uuid:later', 'a', 'b', 1, 2, 4, 7)`)
  raw.close()
  world.clock.advance(2 * 60 * 60)
  const again = await world.restart()
  const held = await obtain(again, { purpose: 'Another' })
  const claims = await readToken(again, tokenOf(await post(again, '/token', exchangeOf(held.chain))))
  expect(claims.status.uri).toBe(`${again.origin}/status/token-lists/4`)
  await again.authority.close()
  const after = openDatabase(world.databasePath)
  whenDone(() => after.close())
  expect(after.prepare('select number, id from tokens order by number').all()).toEqual([
    { number: 200_000, id: 'urn:uuid:later' },
    { number: 200_001, id: claims.id },
  ])
  const links = after.prepare('select distinct token from token_links').all()
  expect(links).toEqual([{ token: 200_001 }])
  expect(first.status.uri).toBe(`${again.origin}/status/token-lists/1`)
})

describe('introspection', () => {
  test('tells the agents in a token what it says, and operators', async () => {
    const { world, held, token } = await begin({ maxDelegationDepth: 1 })
    const { chain } = await world.agent.wallet.delegate({ to: didOf('agent 1') })
    const below = tokenOf(await post(world, '/token', exchangeOf(chain), { by: 'agent 1' }))
    const { json } = await introspect(world, token)
    expect(json).toEqual({ active: true, token_type: 'DPoP', ...payloadOf(token) })
    expect(await isActive(world, below)).toBe(true)
    expect(await isActive(world, below, 'agent 1')).toBe(true)
    expect(await isActive(world, token, 'operator')).toBe(true)
    expect(await isActive(world, token, 'agent 1')).toBe(false)
    expect(await isActive(world, held.chain[0] ?? '')).toBe(false)
  })

  test('tells the API that the token is for, and no other', async () => {
    const { world, token } = await begin()
    expect(await isActive(world, token, 'api')).toBe(false)
    await world.operator.client.registerApi({ did: didOf('api'), origins: ['https://api.test'] })
    await world.operator.client.registerApi({ did: didOf('another api'), origins: ['https://other.test'] })
    expect(await isActive(world, token, 'api')).toBe(true)
    expect(await isActive(world, token, 'another api')).toBe(false)
  })

  test('of a token that is another’s, forged or has ended: that it does not hold', async () => {
    const { world, token } = await begin()
    const claims = await readToken(world, token)
    expect(await isActive(world, 'x')).toBe(false)
    expect(await isActive(world, await signAccessToken(claims, createEd25519Signer(seedOf('thief'))))).toBe(
      false,
    )
    world.clock.advance(60)
    expect(await isActive(world, token)).toBe(false)
  })

  test('wants a token and a proof', async () => {
    const { world } = await begin()
    expect(await post(world, '/introspect', {})).toMatchObject({ status: 400, code: 'invalid_request' })
    expect(await post(world, '/introspect', { token: 'x' }, { proof: null })).toMatchObject({
      code: 'invalid_dpop_proof',
    })
  })
})

describe('revocation', () => {
  test('of a token by its agent: its bit is set, and its chain goes on', async () => {
    const begun = await begin()
    const { world, held, token } = begun
    expect(await post(world, '/revoke', { token })).toMatchObject({ status: 200, text: '' })
    expect(await statusOf(begun)).toBe(1)
    expect(await isActive(world, token)).toBe(false)
    expect((await post(world, '/token', exchangeOf(held.chain))).status).toBe(200)
    expect((await post(world, '/revoke', { token })).status).toBe(200)
    const events = await world.operator.client.listEvents()
    const revoked = events.filter(({ type }) => type === 'token_revoked')
    expect(revoked).toHaveLength(1)
    expect(revoked[0]).toMatchObject({ data: { delegation: held.id, by: world.agent.did } })
  })

  test('of a grant: the chain, and every token that stands on it', async () => {
    const begun = await begin()
    const { world, held } = begun
    const second = tokenOf(await post(world, '/token', exchangeOf(held.chain)))
    expect((await post(world, '/revoke', { token: spellChain(held.chain) })).status).toBe(200)
    expect(await statusOf(begun)).toBe(1)
    expect(await statusOf({ world, token: second })).toBe(1)
    expect(await post(world, '/token', exchangeOf(held.chain))).toMatchObject({ code: 'credential_revoked' })
  })

  test('not by others', async () => {
    const begun = await begin()
    const { world, held, token } = begun
    expect(await post(world, '/revoke', { token }, { by: 'thief' })).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
    const chain = spellChain(held.chain)
    expect((await post(world, '/revoke', { token: chain }, { by: 'thief' })).status).not.toBe(200)
    expect(await statusOf(begun)).toBe(0)
    expect((await post(world, '/revoke', { token }, { by: 'operator' })).status).toBe(200)
    expect(await statusOf(begun)).toBe(1)
  })

  test('of what is no token: nothing happens', async () => {
    const { world, token } = await begin()
    const forged = await signAccessToken(await readToken(world, token), createEd25519Signer(seedOf('thief')))
    expect((await post(world, '/revoke', { token: forged })).status).toBe(200)
    expect(await isActive(world, token)).toBe(true)
    expect(await post(world, '/revoke', {})).toMatchObject({ code: 'invalid_request' })
    expect((await post(world, '/revoke', { token: 'x' })).status).toBe(200)
    expect((await post(world, '/revoke', { token: 'a.b.c' })).status).toBe(200)
    expect(await isActive(world, token)).toBe(true)
  })

  test('of a chain that is not known here is refused: it may hold elsewhere', async () => {
    const { world, token } = await begin()
    expect(await post(world, '/revoke', { token: '"x"' })).toMatchObject({ code: 'credential_malformed' })
    expect(await post(world, '/revoke', { token: '"x", ' })).toMatchObject({ code: 'invalid_request' })
    expect(await isActive(world, token)).toBe(true)
  })
})
