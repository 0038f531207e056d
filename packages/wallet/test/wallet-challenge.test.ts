import { beforeEach, describe, expect, test } from 'vitest'
import { expectRefusal } from './support/expect-refusal.ts'
import { challenge } from './support/fake-api.ts'
import { createTestWallet, type TestWallet } from './support/test-wallet.ts'
import { API, issueRoot } from './support/world.ts'

const REQUIRED = ['@method', '@target-uri', 'signature-key']

let world: TestWallet

beforeEach(async () => {
  world = createTestWallet()
  await world.wallet.receive([await issueRoot()])
})

describe('a challenge that demands more', () => {
  test('is answered once, with a new nonce, over the usual and what was asked for', async () => {
    world.api.answerNext(challenge('component_missing', [...REQUIRED, '@authority', 'x-trace']))
    const response = await world.wallet.fetch(`${API}/issues/7`, { headers: { 'x-trace': 't' } })
    expect(response.status).toBe(200)
    expect(world.api.sent).toHaveLength(2)
    expect(world.api.lastProof().signature.components).toEqual([...REQUIRED, '@authority', 'x-trace'])
    const nonces = world.api.sent.map(
      ({ headers }) => /nonce="([^"]+)"/.exec(headers.get('signature-input') ?? '')?.[1],
    )
    expect(new Set(nonces).size).toBe(2)
  })

  test('is answered with the same body', async () => {
    world.api.answerNext(challenge('component_missing', ['@scheme']))
    await world.wallet.fetch(`${API}/issues/7`, { method: 'POST', body: 'text' })
    const [first, second] = world.api.sent
    expect(second?.body).toEqual(first?.body)
    expect(world.api.lastProof().signature.components).toContain('@scheme')
  })

  test('is answered once only: the second refusal is returned, readable', async () => {
    world.api.answerNext(challenge('component_missing', ['@authority']))
    world.api.answerNext(challenge('component_missing', ['@path']))
    const response = await world.wallet.fetch(`${API}/issues/7`)
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ code: 'component_missing' })
    expect(world.api.sent).toHaveLength(2)
  })

  test.each(['signature_missing', 'component_missing', 'parameter_missing', 'digest_missing'])(
    '%s is answered',
    async (code) => {
      world.api.answerNext(challenge(code, ['@query']))
      await world.wallet.fetch(`${API}/issues/7`)
      expect(world.api.sent).toHaveLength(2)
      expect(world.api.lastProof().signature.components).toEqual([...REQUIRED, '@query'])
    },
  )

  test('of a digest of a request without body gets the digest of no bytes', async () => {
    world.api.answerNext(challenge('digest_missing', ['content-digest']))
    await world.wallet.fetch(`${API}/issues/7`)
    expect(world.api.lastProof().signature.components).toEqual([
      '@method',
      '@target-uri',
      'content-digest',
      'signature-key',
    ])
  })
})

describe('a challenge that demands less', () => {
  test.each([[[]], [['@method']], [['signature-key', '@target-uri', '@method']]])(
    'changes nothing: %j',
    async (components) => {
      world.api.answerNext(challenge('component_missing', components))
      const response = await world.wallet.fetch(`${API}/issues/7`)
      expect(response.status).toBe(401)
      expect(world.api.sent).toHaveLength(1)
    },
  )

  test('never makes the next signature weaker', async () => {
    world.api.answerNext(challenge('signature_expired', []))
    await world.wallet.fetch(`${API}/issues/7`, { method: 'POST', body: 'text', context: { call: 'c' } })
    expect(world.api.sent).toHaveLength(2)
    expect(world.api.lastProof().signature.components).toEqual([
      '@method',
      '@target-uri',
      'content-type',
      'content-digest',
      'signature-key',
      'agent-context',
    ])
  })

  test('of fields covered only when sent asks nothing of a request without them', async () => {
    world.api.answerNext(challenge('component_missing', [...REQUIRED, 'content-type', 'agent-context']))
    await world.wallet.fetch(`${API}/issues/7`)
    expect(world.api.sent).toHaveLength(1)
  })
})

describe('a challenge that cannot be met', () => {
  test.each(['@status', '@request-target', '@query-params', 'signature', 'signature-input', 'X-Upper'])(
    'naming %s is refused as unsupported',
    async (name) => {
      world.api.answerNext(challenge('component_missing', ['@authority', name]))
      const headers = { 'x-upper': 'u' }
      const error = await expectRefusal(
        world.wallet.fetch(`${API}/issues/7`, { headers }),
        'component_unsupported',
      )
      expect(error.missing).toEqual([name])
      expect(world.api.sent).toHaveLength(1)
    },
  )

  test('naming a field the request does not have is refused as missing', async () => {
    world.api.answerNext(challenge('component_missing', ['x-absent']))
    const error = await expectRefusal(world.wallet.fetch(`${API}/issues/7`), 'component_missing')
    expect(error.missing).toEqual(['x-absent'])
    expect(world.api.sent).toHaveLength(1)
  })
})

describe('a refusal that no signature can help', () => {
  test('is returned, whatever its challenge demands', async () => {
    world.api.answerNext(challenge('credential_revoked', ['@status', 'x-absent']))
    expect((await world.wallet.fetch(`${API}/issues/7`)).status).toBe(401)
  })
})

describe('another try', () => {
  const retried = async (code: string, init: { method?: string } = {}): Promise<boolean> => {
    const { wallet, api } = createTestWallet()
    await wallet.receive([await issueRoot()])
    api.answerNext(challenge(code, REQUIRED))
    await wallet.fetch(`${API}/issues/7`, init)
    return api.sent.length === 2
  }

  test('is made when the signature came too late', async () => {
    expect(await retried('signature_expired', { method: 'POST' })).toBe(true)
  })

  test('is made after a replay only when doing it twice does no harm', async () => {
    expect(await retried('nonce_replayed')).toBe(true)
    expect(await retried('nonce_replayed', { method: 'PUT' })).toBe(true)
    expect(await retried('nonce_replayed', { method: 'POST' })).toBe(false)
    expect(await retried('nonce_replayed', { method: 'PATCH' })).toBe(false)
  })

  test.each([
    'signature_invalid',
    'signature_not_yet_valid',
    'credential_revoked',
    'key_revoked',
    'component_missing',
    'made_up',
  ])('is not made for %s', async (code) => {
    expect(await retried(code)).toBe(false)
  })

  test('is not made for the tag of somebody else', async () => {
    world.api.answerNext(challenge('component_missing', ['@authority'], 'other-app'))
    await world.wallet.fetch(`${API}/issues/7`)
    expect(world.api.sent).toHaveLength(1)
  })

  test('is not made for a status other than 401', async () => {
    const { headers } = challenge('component_missing', ['@authority'])
    world.api.answerNext(new Response('{"code":"component_missing"}', { status: 403, headers }))
    await world.wallet.fetch(`${API}/issues/7`)
    expect(world.api.sent).toHaveLength(1)
  })

  test.each([
    [
      'without a problem body',
      'sig=("@authority");tag="agent-delegation"',
      'text/plain',
      '{"code":"component_missing"}',
    ],
    [
      'with a body that is no JSON',
      'sig=("@authority");tag="agent-delegation"',
      'application/problem+json',
      '{',
    ],
    [
      'with a malformed challenge',
      'sig=(@authority',
      'application/problem+json',
      '{"code":"component_missing"}',
    ],
    [
      'with a label twice',
      'sig=("@path");tag="agent-delegation", sig=()',
      'application/problem+json',
      '{"code":"component_missing"}',
    ],
    ['without a challenge', undefined, 'application/problem+json', '{"code":"component_missing"}'],
  ])('is not made %s', async (_name, accept, type, body) => {
    const headers = new Headers({ 'content-type': type })
    if (accept !== undefined) headers.set('accept-signature', accept)
    world.api.answerNext(new Response(body, { status: 401, headers }))
    const response = await world.wallet.fetch(`${API}/issues/7`)
    expect(await response.text()).toBe(body)
    expect(world.api.sent).toHaveLength(1)
  })

  test('is not made for a refusal too long to be one', async () => {
    const { headers } = challenge('component_missing', ['@authority'])
    const body = JSON.stringify({ code: 'component_missing', padding: 'x'.repeat(70_000) })
    world.api.answerNext(new Response(body, { status: 401, headers }))
    const response = await world.wallet.fetch(`${API}/issues/7`)
    expect(world.api.sent).toHaveLength(1)
    expect(await response.text()).toBe(body)
  })

  test('does not take over the clock of the API', async () => {
    const { headers } = challenge('signature_expired', REQUIRED)
    headers.set('date', new Date(0).toUTCString())
    world.api.answerNext(new Response('{"code":"signature_expired"}', { status: 401, headers }))
    await world.wallet.fetch(`${API}/issues/7`)
    expect(world.api.lastProof().signature.created).toBe(world.clock() / 1000)
  })
})
