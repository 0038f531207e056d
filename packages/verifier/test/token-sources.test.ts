import { encodeBase64url } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { type IncomingRequest, VerifierError } from '../src/index.ts'
import { issuer, stranger } from './support/agents.ts'
import { NOW } from './support/chain.ts'
import { makeTimer } from './support/status-server.ts'
import {
  AUTHORITY,
  JWKS_URL,
  json,
  METADATA_URL,
  makeToken,
  makeTokenRequest,
  makeTokenWorld,
  nextTokenParty,
  TOKEN_LIST_URL,
  type TokenWorld,
  toJwk,
  tokenParty,
} from './support/tokens.ts'
import { makeList, makeStatusSource } from './support/world.ts'

async function outcomeOf(world: TokenWorld<unknown>, request?: IncomingRequest): Promise<string> {
  try {
    await world.verifier.verify(request ?? (await makeTokenRequest({ iat: world.now })))
    return 'ok'
  } catch (error) {
    if (error instanceof VerifierError) return error.code
    throw error
  }
}

const asked = (world: TokenWorld<unknown>, url: string): number =>
  world.authority.asked.filter((other) => other === url).length

/** A token that lives long enough for clocks to move. */
const longToken = await makeToken({ expiresAt: NOW + 300_000 })
const requestAt = async (world: TokenWorld<unknown>, token = longToken): Promise<IncomingRequest> =>
  await makeTokenRequest({ token, iat: world.now })

describe('the keys of an authority', () => {
  test('are fetched once, and not for each request', async () => {
    const world = await makeTokenWorld()
    for (let count = 0; count < 3; count += 1) expect(await outcomeOf(world)).toBe('ok')
    expect(world.authority.asked).toEqual([METADATA_URL, JWKS_URL, TOKEN_LIST_URL])
  })

  test.each<[string, string, () => Response, string]>([
    [
      'metadata of another issuer',
      METADATA_URL,
      json({ issuer: 'https://other.test', jwks_uri: JWKS_URL }),
      'invalid',
    ],
    ['metadata with a slash', METADATA_URL, json({ issuer: `${AUTHORITY}/`, jwks_uri: JWKS_URL }), 'invalid'],
    [
      'keys elsewhere',
      METADATA_URL,
      json({ issuer: AUTHORITY, jwks_uri: 'https://other.test/jwks.json' }),
      'invalid',
    ],
    ['keys nowhere', METADATA_URL, json({ issuer: AUTHORITY }), 'invalid'],
    ['metadata that are a list', METADATA_URL, json([]), 'invalid'],
    ['two readings', METADATA_URL, () => new Response(`{"issuer":"x","issuer":"${AUTHORITY}"}`), 'invalid'],
    ['no metadata', METADATA_URL, () => new Response('', { status: 404 }), 'timeout'],
    ['too long metadata', METADATA_URL, () => new Response(' '.repeat(65_537)), 'timeout'],
    ['no keys', JWKS_URL, json({}), 'invalid'],
    [
      'too many keys',
      JWKS_URL,
      json({ keys: Array.from({ length: 65 }, () => toJwk(tokenParty)) }),
      'invalid',
    ],
    ['a private key', JWKS_URL, json({ keys: [{ ...toJwk(tokenParty), d: 'AA' }] }), 'invalid'],
    [
      'a point of small order',
      JWKS_URL,
      json({
        keys: [toJwk(tokenParty), { kty: 'OKP', crv: 'Ed25519', x: encodeBase64url(new Uint8Array(32)) }],
      }),
      'invalid',
    ],
  ])('are not taken with %s', async (_, url, answer, code) => {
    const world = await makeTokenWorld()
    world.authority.answers.set(url, answer)
    expect(await outcomeOf(world)).toBe(`resolution_${code}`)
    expect(world.faults.map((fault) => fault.code)).toContain(`resolution_${code}`)
  })

  test('may lie among keys of other kinds and uses, and are named by what they are', async () => {
    const world = await makeTokenWorld()
    const keys = [
      { kty: 'RSA', n: 'AQAB', e: 'AQAB' },
      { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
      { ...toJwk(nextTokenParty), use: 'enc' },
      { ...toJwk(nextTokenParty), alg: 'Ed448' },
      { ...toJwk(tokenParty), kid: 'another name' },
      'text',
    ]
    world.authority.answers.set(JWKS_URL, json({ keys }))
    expect(await outcomeOf(world)).toBe('ok')
    const token = await makeToken({}, nextTokenParty)
    expect(await outcomeOf(world, await makeTokenRequest({ token }))).toBe('invalid_token')
  })

  test('are asked for again for a name that is not held, but not more often than every ten seconds', async () => {
    const world = await makeTokenWorld()
    expect(await outcomeOf(world)).toBe('ok')
    const token = await makeToken({ expiresAt: NOW + 60_000 }, nextTokenParty)
    world.authority.publishKeys(tokenParty, nextTokenParty)
    for (let count = 0; count < 5; count += 1) {
      expect(await outcomeOf(world, await requestAt(world, token))).toBe('invalid_token')
    }
    expect(asked(world, JWKS_URL)).toBe(1)
    world.now += 10_000
    expect(await outcomeOf(world, await requestAt(world, token))).toBe('ok')
    expect(asked(world, JWKS_URL)).toBe(2)
  })

  test('are asked for once by many at the same time, and again a second after that failed', async () => {
    const world = await makeTokenWorld()
    const serve = world.authority.answers.get(METADATA_URL) ?? json({})
    world.authority.answers.set(METADATA_URL, () => new Response('', { status: 500 }))
    const requests = await Promise.all(Array.from({ length: 4 }, () => requestAt(world)))
    const outcomes = await Promise.all(requests.map((request) => outcomeOf(world, request)))
    expect(outcomes).toEqual(Array<string>(4).fill('resolution_timeout'))
    expect([asked(world, METADATA_URL), world.faults.length]).toEqual([1, 5])
    world.authority.answers.set(METADATA_URL, serve)
    world.now += 1000
    expect(await outcomeOf(world)).toBe('ok')
  })

  test('count no more once the authority took them back, also for a token that was verified', async () => {
    const world = await makeTokenWorld()
    expect(await outcomeOf(world, await requestAt(world))).toBe('ok')
    world.authority.publishKeys(nextTokenParty)
    world.now += 60_000
    await world.authority.publishList({ now: world.now, signer: nextTokenParty })
    const first = await outcomeOf(world, await requestAt(world))
    const then = await outcomeOf(world, await requestAt(world))
    expect([first, then]).toContain('invalid_token')
    expect(then).toBe('invalid_token')
  })
})

describe('the lists of an authority', () => {
  test.each([
    [1, 'credential_revoked'],
    [2, 'credential_suspended'],
    [3, 'status_invalid'],
  ])('refuse a token of status %i with %s', async (status, code) => {
    const world = await makeTokenWorld()
    await world.authority.publishList({ status })
    expect(await outcomeOf(world)).toBe(code)
  })

  test.each<[string, Parameters<TokenWorld['authority']['publishList']>[0], string]>([
    ['signed by somebody else', { signer: stranger }, 'status_invalid'],
    ['of another authority', { issuer: 'https://other.test' }, 'status_invalid'],
    ['without the place of the token', { length: 4 }, 'status_index_invalid'],
    ['signed long ago', { now: NOW - 31_000 }, 'status_stale'],
    ['signed ahead', { now: NOW + 6000 }, 'status_invalid'],
    ['that has ended', { now: NOW - 10_000, expiresAt: NOW }, 'status_invalid'],
  ])('count not when they are %s', async (_, options, code) => {
    const world = await makeTokenWorld()
    await world.authority.publishList(options)
    expect(await outcomeOf(world)).toBe(code)
  })

  test('count not for another address, and nowhere else than at the authority', async () => {
    const world = await makeTokenWorld()
    const other = `${AUTHORITY}/status/token-lists/2`
    const serve = world.authority.answers.get(TOKEN_LIST_URL) ?? json({})
    world.authority.answers.set(other, serve)
    const token = await makeToken({ status: { index: 5, uri: other } })
    expect(await outcomeOf(world, await makeTokenRequest({ token }))).toBe('status_invalid')
    const uri = 'https://elsewhere.test/list'
    const elsewhere = await makeToken({ status: { index: 5, uri } })
    expect(await outcomeOf(world, await makeTokenRequest({ token: elsewhere }))).toBe('status_invalid')
    expect(asked(world, uri)).toBe(0)
  })

  test('refuse when they cannot be had, or are too long', async () => {
    for (const answer of [
      () => new Response('', { status: 503 }),
      () => new Response(new Uint8Array(2_097_153)),
    ]) {
      const world = await makeTokenWorld()
      world.authority.answers.set(TOKEN_LIST_URL, answer)
      expect(await outcomeOf(world)).toBe('status_unavailable')
      expect(world.faults.at(-1)?.code).toBe('status_unavailable')
    }
    const world = await makeTokenWorld()
    world.authority.answers.set(TOKEN_LIST_URL, () => new Response('not a list'))
    expect(await outcomeOf(world)).toBe('status_invalid')
  })

  test('are asked for again after five seconds or their ttl, and what they say then counts at once', async () => {
    for (const [ttlSeconds, seconds] of [
      [60, 5],
      [2, 2],
    ] as const) {
      const world = await makeTokenWorld()
      await world.authority.publishList({ ttlSeconds })
      expect(await outcomeOf(world, await requestAt(world))).toBe('ok')
      world.now += seconds * 1000 - 1
      await world.authority.publishList({ status: 1, now: world.now })
      expect(await outcomeOf(world, await requestAt(world))).toBe('ok')
      world.now += 1
      expect(await outcomeOf(world, await requestAt(world))).toBe('credential_revoked')
    }
  })

  test('hold on while the authority is away, for thirty seconds of their signed time', async () => {
    const world = await makeTokenWorld()
    await world.authority.publishList({ expiresAt: NOW + 3_600_000 })
    expect(await outcomeOf(world, await requestAt(world))).toBe('ok')
    world.authority.answers.set(TOKEN_LIST_URL, () => new Response('', { status: 503 }))
    world.now += 30_000
    expect(await outcomeOf(world, await requestAt(world))).toBe('ok')
    world.now += 1
    expect(await outcomeOf(world, await requestAt(world))).toBe('status_unavailable')
    const short = await makeTokenWorld()
    await short.authority.publishList({ expiresAt: NOW + 6000 })
    expect(await outcomeOf(short, await requestAt(short))).toBe('ok')
    short.authority.answers.set(TOKEN_LIST_URL, () => new Response('', { status: 503 }))
    short.now += 6000
    expect(await outcomeOf(short, await requestAt(short))).toBe('status_stale')
    const patient = await makeTokenWorld({ maxStalenessSeconds: 60 })
    await patient.authority.publishList({ now: NOW - 60_000, expiresAt: NOW + 60_000 })
    expect(await outcomeOf(patient)).toBe('ok')
  })

  test('never go back', async () => {
    const world = await makeTokenWorld()
    await world.authority.publishList({ status: 1, now: NOW })
    expect(await outcomeOf(world)).toBe('credential_revoked')
    world.now += 6000
    await world.authority.publishList({ now: NOW - 1000 })
    expect(await outcomeOf(world, await requestAt(world))).toBe('credential_revoked')
    expect(world.faults.map(({ code }) => code)).toContain('status_rollback')
    world.now += 25_000
    expect(await outcomeOf(world, await requestAt(world))).toBe('status_rollback')
  })
})

describe('a token that was verified', () => {
  test('is not verified again, unless it is told to', async () => {
    const token = await makeToken()
    const cached = await makeTokenWorld()
    const first = await cached.verifier.verify(await makeTokenRequest({ token }))
    const second = await cached.verifier.verify(await makeTokenRequest({ token }))
    expect(second.token).toBe(first.token)
    const off = await makeTokenWorld({ tokenCache: 'off' })
    const once = await off.verifier.verify(await makeTokenRequest({ token }))
    const again = await off.verifier.verify(await makeTokenRequest({ token }))
    expect(again.token).not.toBe(once.token)
  })

  test('makes place for others, by number and by memory', async () => {
    const one = await makeToken()
    const other = await makeToken({ id: 'urn:uuid:00000000-0000-4000-8000-000000000098' })
    for (const tokenCache of [{ maxEntries: 1 }, { maxBytes: 8000 }]) {
      const world = await makeTokenWorld({ tokenCache })
      const verify = async (token: string): Promise<unknown> =>
        (await world.verifier.verify(await makeTokenRequest({ token }))).token
      const first = await verify(one)
      await verify(other)
      expect(await verify(one)).not.toBe(first)
    }
  })

  test('is not kept when a check of it failed', async () => {
    const world = await makeTokenWorld()
    await world.authority.publishList({ status: 1 })
    let cached = (): number => -1
    const measured = await makeTokenWorld({
      fetch: world.authority.fetch,
      meter: {
        decided: () => undefined,
        watch: (state) => {
          cached = () => state.cachedChains()
        },
      },
    })
    expect(await outcomeOf(measured)).toBe('credential_revoked')
    expect(cached()).toBe(0)
    await world.authority.publishList()
    measured.now += 6000
    expect(await outcomeOf(measured)).toBe('ok')
    expect(cached()).toBe(1)
  })
})

describe('the signal of a request with a token', () => {
  const LOOK_MS = 1000

  test('is aborted when the token ends', async () => {
    const timer = makeTimer()
    const world = await makeTokenWorld({ setTimer: timer.setTimer })
    const { signal } = await world.verifier.verify(await makeTokenRequest())
    world.now += 29_000
    timer.fire(LOOK_MS)
    expect(signal.aborted).toBe(false)
    await world.authority.publishList({ now: world.now })
    timer.fire(LOOK_MS)
    await Promise.resolve()
    world.now = NOW + 60_000
    timer.fire(LOOK_MS)
    expect(signal.reason).toMatchObject({ code: 'invalid_token' })
    expect(timer.pending.filter(({ milliseconds }) => milliseconds === LOOK_MS)).toEqual([])
  })

  test('is aborted when the list of the authority says so', async () => {
    const timer = makeTimer()
    const world = await makeTokenWorld({ setTimer: timer.setTimer })
    const { signal } = await world.verifier.verify(await makeTokenRequest({ token: longToken }))
    await world.authority.publishList({ status: 1 })
    world.now += 5000
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve))
    // The first look asks for the list.
    timer.fire(LOOK_MS)
    await expect.poll(() => asked(world, TOKEN_LIST_URL)).toBe(2)
    await expect.poll(() => timer.pending.every(({ milliseconds }) => milliseconds === LOOK_MS)).toBe(true)
    timer.fire(LOOK_MS)
    await aborted
    expect(signal.reason).toMatchObject({ code: 'credential_revoked' })
  })

  test('is aborted at once by news of the issuer, and when it is trusted no more', async () => {
    const said = { list: await makeList() }
    const listeners = new Set<(did: string) => void>()
    const statusSource = {
      ...makeStatusSource(undefined),
      read: () => makeStatusSource(said.list).read(issuer.did),
      onChange: (listener: (did: string) => void) => {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    }
    const world = await makeTokenWorld({ statusSource })
    const { signal } = await world.verifier.verify(await makeTokenRequest())
    expect(signal.aborted).toBe(false)
    expect(listeners.size).toBe(1)
    said.list = await makeList([100])
    for (const listener of listeners) listener(issuer.did)
    expect(signal.reason).toMatchObject({ code: 'credential_revoked', link: 0 })
    expect(listeners.size).toBe(0)
    said.list = await makeList()
    const other = await world.verifier.verify(await makeTokenRequest())
    expect(other.signal.aborted).toBe(false)
    world.verifier.distrustIssuer(issuer.did)
    expect(other.signal.reason).toMatchObject({ code: 'issuer_untrusted' })
  })
})
