import { encodeUtf8, sha256Base64url } from '@behalf/core'
import { beforeEach, describe, expect, test } from 'vitest'
import type { HeldDelegation } from '../src/held-delegation.ts'
import { challenge, last, type SentRequest } from './support/fake-api.ts'
import { createTestWallet, type TestWallet } from './support/test-wallet.ts'
import { AGENT, API, issueChild, issueRoot, NOW, READ_ISSUES, SUB_AGENT } from './support/world.ts'

const OTHER_API = 'https://other.test'
const URL_7 = `${API}/issues/7`

let world: TestWallet
let delegation: HeldDelegation
/** The name of the chain, computed as the specification says. */
let cid: string

beforeEach(async () => {
  world = createTestWallet()
  const locations = [API, OTHER_API]
  const root = await issueRoot({ capabilities: [{ ...READ_ISSUES, locations }] })
  delegation = await world.wallet.receive([root])
  const bytes = encodeUtf8(root)
  const length = [bytes.length >> 24, bytes.length >> 16, bytes.length >> 8, bytes.length]
  cid = sha256Base64url(Uint8Array.from([...length, ...bytes]))
})

interface Offer {
  readonly label?: string
  readonly cid?: string
  readonly jti?: string
  readonly expires?: number
}

/** An accepted request whose chain may be named from now on. */
function offering(offer: Offer = {}): Response {
  const { label = 'sig', jti = delegation.id, expires = NOW / 1000 + 600 } = offer
  const value = `${label}="${offer.cid ?? cid}";jti="${jti}";expires=${expires}`
  return new Response('{}', { headers: { 'signature-key-cache': value } })
}

function cacheMiss(): Response {
  return new Response('{"code":"cache_miss"}', {
    status: 401,
    headers: { 'content-type': 'application/problem+json', 'signature-error': 'error=cache_miss' },
  })
}

/** How each request so far presented its chain. */
function presentations(): readonly string[] {
  return world.api.sent.map(schemeOf)
}

function schemeOf({ headers }: SentRequest): string {
  const key = headers.get('signature-key') ?? ''
  return key.startsWith('sig=jwt;jwt="') && key.endsWith('";cache') ? 'in full' : key
}

describe('a chain that the API holds', () => {
  test('is named from the next request on, under a signature that covers the name', async () => {
    world.api.answerNext(offering())
    await world.wallet.fetch(URL_7)
    await world.wallet.fetch(URL_7)
    await world.wallet.fetch(`${API}/issues/8`, { method: 'POST', body: 'text' })
    const named = `sig=cached;cid="${cid}"`
    expect(presentations()).toEqual(['in full', named, named])
    expect(last(world.api.sent).headers.get('signature-input')).toContain('"signature-key"')
  })

  test('is named without its ancestors', async () => {
    const { wallet, api } = createTestWallet({ seed: SUB_AGENT.seed })
    const root = await issueRoot()
    const child = await wallet.receive(await issueChild([root], AGENT))
    expect(child.chain).toHaveLength(2)
    api.answerNext(offering({ cid: child.digest, jti: child.id }))
    await wallet.fetch(URL_7)
    await wallet.fetch(URL_7)
    expect(api.sent.map(({ headers }) => headers.has('delegation-chain'))).toEqual([true, false])
    expect(schemeOf(last(api.sent))).toBe(`sig=cached;cid="${child.digest}"`)
  })

  test('is sent in full to every other origin', async () => {
    world.api.answerNext(offering())
    await world.wallet.fetch(URL_7)
    await world.wallet.fetch(`${OTHER_API}/issues/7`)
    expect(presentations()).toEqual(['in full', 'in full'])
  })

  test('lends its name to no other chain', async () => {
    world.api.answerNext(offering())
    await world.wallet.fetch(URL_7)
    const other = await world.wallet.receive([await issueRoot()])
    await world.wallet.fetch(URL_7, { delegation: other.id })
    expect(presentations()).toEqual(['in full', 'in full'])
  })

  test('is sent in full once the offer has ended', async () => {
    world.api.answerNext(offering({ expires: NOW / 1000 + 10 }))
    await world.wallet.fetch(URL_7)
    world.clock.advance(9)
    await world.wallet.fetch(URL_7)
    world.clock.advance(1)
    await world.wallet.fetch(URL_7)
    expect(presentations()).toEqual(['in full', `sig=cached;cid="${cid}"`, 'in full'])
  })

  test('stays named when a challenge demands more', async () => {
    world.api.answerNext(offering())
    await world.wallet.fetch(URL_7)
    world.api.answerNext(challenge('component_missing', ['@authority']))
    expect((await world.wallet.fetch(URL_7)).status).toBe(200)
    expect(presentations()).toEqual(['in full', `sig=cached;cid="${cid}"`, `sig=cached;cid="${cid}"`])
  })
})

describe('an offer that is not about the chain that was sent', () => {
  test.each<[string, () => Response]>([
    ['another name', () => offering({ cid: 'A'.repeat(43) })],
    ['a name with padding', () => offering({ cid: `${cid}=` })],
    ['another credential', () => offering({ jti: 'urn:uuid:00000000-0000-4000-8000-00000000ffff' })],
    ['another label', () => offering({ label: 'other' })],
    ['no dictionary', () => new Response('{}', { headers: { 'signature-key-cache': `sig="${cid}` } })],
    [
      'no end',
      () => new Response('{}', { headers: { 'signature-key-cache': `sig="${cid}";jti="${delegation.id}"` } }),
    ],
    [
      'a second name beside it',
      () => {
        const response = offering()
        response.headers.append('signature-key-cache', 'sig="x";jti="y";expires=1')
        return response
      },
    ],
    ['an end that has passed', () => offering({ expires: NOW / 1000 })],
  ])('changes nothing: %s', async (_title, answer) => {
    world.api.answerNext(answer())
    await world.wallet.fetch(URL_7)
    await world.wallet.fetch(URL_7)
    expect(presentations()).toEqual(['in full', 'in full'])
  })
})

describe('a chain that the API does not hold any more', () => {
  beforeEach(async () => {
    world.api.answerNext(offering())
    await world.wallet.fetch(URL_7)
  })

  const named = (): string => `sig=cached;cid="${cid}"`

  test('is sent in full at once, with the same body and a new nonce, and named again when offered again', async () => {
    world.api.answerNext(cacheMiss())
    world.api.answerNext(offering())
    const response = await world.wallet.fetch(URL_7, { method: 'POST', body: 'text' })
    expect(response.status).toBe(200)
    await world.wallet.fetch(URL_7)
    expect(presentations()).toEqual(['in full', named(), 'in full', named()])
    const [, missed, full] = world.api.sent
    expect(full?.body).toEqual(missed?.body)
    const nonces = [missed, full].map(
      (sent) => /nonce="([^"]+)"/.exec(sent?.headers.get('signature-input') ?? '')?.[1],
    )
    expect(new Set(nonces).size).toBe(2)
  })

  test('is sent in full once: what is answered then is the answer', async () => {
    world.api.answerNext(cacheMiss())
    world.api.answerNext(cacheMiss())
    const response = await world.wallet.fetch(URL_7)
    expect(await response.json()).toEqual({ code: 'cache_miss' })
    expect(presentations()).toEqual(['in full', named(), 'in full'])
  })

  test('is sent in full from then on, unless it is offered again', async () => {
    world.api.answerNext(cacheMiss())
    await world.wallet.fetch(URL_7)
    await world.wallet.fetch(URL_7)
    expect(presentations()).toEqual(['in full', named(), 'in full', 'in full'])
  })

  test('may still be challenged', async () => {
    world.api.answerNext(cacheMiss())
    world.api.answerNext(challenge('component_missing', ['@authority']))
    expect((await world.wallet.fetch(URL_7)).status).toBe(200)
    expect(presentations()).toEqual(['in full', named(), 'in full', 'in full'])
    expect(world.api.lastProof().signature.components).toContain('@authority')
  })

  test.each<[string, () => Response]>([
    [
      'with another status',
      () => new Response('', { status: 403, headers: { 'signature-error': 'error=cache_miss' } }),
    ],
    [
      'with another error',
      () => new Response('', { status: 401, headers: { 'signature-error': 'error=expired_jwt' } }),
    ],
    [
      'with a malformed error',
      () => new Response('', { status: 401, headers: { 'signature-error': 'cache_miss' } }),
    ],
    ['in the body alone', () => new Response('{"code":"cache_miss"}', { status: 401 })],
  ])('is not sent in full after a refusal %s', async (_title, answer) => {
    world.api.answerNext(answer())
    await world.wallet.fetch(URL_7)
    expect(presentations()).toEqual(['in full', named()])
  })
})

test('a refusal of a chain that was sent in full is never taken for a miss', async () => {
  world.api.answerNext(cacheMiss())
  expect((await world.wallet.fetch(URL_7)).status).toBe(401)
  expect(presentations()).toEqual(['in full'])
})
