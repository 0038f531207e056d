import { hashAccessToken, parseCompactJws, parseDelegation, verifyDpopProof } from '@behalf/credential'
import { beforeEach, describe, expect, test } from 'vitest'
import { createMemoryWallet, type HeldDelegation, type Wallet, type WalletErrorCode } from '../src/index.ts'
import { expectRefusal } from './support/expect-refusal.ts'
import { AGENT, AUTHORITY, createClock, createRandom, issueRoot, type TestClock } from './support/world.ts'

const API = 'https://api.test'
const CAPABILITY = { type: 'http', locations: [API], actions: ['GET'], paths: ['/issues/**'] }

interface Sent {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: string
}

let clock: TestClock
let wallet: Wallet
let held: HeldDelegation
let sent: Sent[]
let answers: Response[]
let exchanges: Sent[]
let granted: (number: number) => Response

beforeEach(async () => {
  clock = createClock()
  sent = []
  answers = []
  exchanges = []
  granted = (number) =>
    Response.json({
      access_token: `token-${number}`,
      token_type: 'DPoP',
      expires_in: 60,
      authorization_details: [CAPABILITY],
    })
  wallet = createMemoryWallet({
    seed: AGENT.seed,
    clock,
    random: createRandom(),
    fetch: async (url, init) => {
      const request = new Request(url, init)
      const record = { url, method: request.method, headers: request.headers, body: await request.text() }
      if (url.startsWith(AUTHORITY)) {
        exchanges.push(record)
        return granted(exchanges.length)
      }
      sent.push(record)
      return answers.shift() ?? new Response('ok')
    },
  })
  held = await wallet.receive([await issueRoot()])
})

/** The form of the last exchange. */
function lastForm(): URLSearchParams {
  return new URLSearchParams(exchanges.at(-1)?.body)
}

function refuse(error: string, headers: Record<string, string> = {}): Response {
  return new Response('', {
    status: 401,
    headers: { 'www-authenticate': `DPoP realm="api.test", error="${error}", algs="EdDSA"`, ...headers },
  })
}

describe('exchangeToken', () => {
  test('shows the delegation in a signed form, and says what came of it', async () => {
    const token = await wallet.exchangeToken({ resource: API })
    expect(token).toEqual({
      token: 'token-1',
      resource: API,
      capabilities: [CAPABILITY],
      expiresAt: clock() + 60_000,
      delegation: held.id,
    })
    const [call] = exchanges
    expect(call?.url).toBe(`${AUTHORITY}/token`)
    expect(call?.headers.get('content-type')).toBe('application/x-www-form-urlencoded')
    expect(call?.headers.get('signature')).toBeTruthy()
    expect(Object.fromEntries(lastForm())).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      resource: API,
      subject_token: `"${held.chain[0]}"`,
      subject_token_type: 'urn:behalf:token-type:delegation-chain',
    })
  })

  test('for less, and on behalf of whoever called with a token', async () => {
    const capabilities = [{ ...CAPABILITY, type: 'http' as const, paths: ['/issues/7'] }]
    await wallet.exchangeToken({ resource: API, delegation: held.id, capabilities, subjectToken: 'token-0' })
    expect(Object.fromEntries(lastForm())).toMatchObject({
      subject_token: 'token-0',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      actor_token: `"${held.chain[0]}"`,
      actor_token_type: 'urn:behalf:token-type:delegation-chain',
      authorization_details: JSON.stringify(capabilities),
    })
  })

  test('only what is held and names the resource', async () => {
    await expectRefusal(wallet.exchangeToken({ resource: 'https://other.test' }), 'credential_missing')
    await expectRefusal(wallet.exchangeToken({ resource: API, delegation: 'x' }), 'credential_missing')
    clock.advance(86_400)
    await expectRefusal(wallet.exchangeToken({ resource: API }), 'credential_missing')
    expect(exchanges).toEqual([])
  })

  test.each<[string, () => Response, WalletErrorCode]>([
    [
      'a known code',
      () => Response.json({ error: 'invalid_grant', code: 'credential_revoked' }, { status: 400 }),
      'credential_revoked',
    ],
    [
      'an error of OAuth',
      () => Response.json({ error: 'invalid_target' }, { status: 400 }),
      'invalid_target',
    ],
    [
      'another code',
      () => Response.json({ error: 'invalid_grant', code: 'moon' }, { status: 400 }),
      'authority_refused',
    ],
    ['no form', () => new Response('no', { status: 500 }), 'authority_response_invalid'],
    [
      'a token that needs no proof',
      () =>
        Response.json({ access_token: 'x', token_type: 'Bearer', expires_in: 60, authorization_details: [] }),
      'authority_response_invalid',
    ],
    [
      'no token',
      () => Response.json({ token_type: 'DPoP', expires_in: 60, authorization_details: [] }),
      'authority_response_invalid',
    ],
    [
      'no end',
      () => Response.json({ access_token: 'x', token_type: 'DPoP', authorization_details: [] }),
      'authority_response_invalid',
    ],
    ['no JSON', () => new Response('x'), 'authority_response_invalid'],
  ])('refused with %s', async (_, answer, code) => {
    granted = answer
    await expectRefusal(wallet.exchangeToken({ resource: API }), code)
  })

  test('an explanation of the authority is kept, without control characters', async () => {
    granted = () =>
      Response.json({ error: 'invalid_scope', error_description: 'ask\u0007 for less' }, { status: 400 })
    await expect(wallet.exchangeToken({ resource: API })).rejects.toMatchObject({
      code: 'invalid_scope',
      status: 400,
      detail: 'ask  for less',
    })
  })
})

describe('tokenFetch', () => {
  test('sends the token with a proof for this request', async () => {
    const response = await wallet.tokenFetch(`${API}/issues/7?state=open`, {
      headers: { accept: 'text/plain' },
    })
    expect(await response.text()).toBe('ok')
    const [call] = sent
    expect(call?.headers.get('authorization')).toBe('DPoP token-1')
    expect(call?.headers.get('accept')).toBe('text/plain')
    const proof = verifyDpopProof(call?.headers.get('dpop') ?? '', {
      method: 'GET',
      url: `${API}/issues/7`,
      accessTokenHash: hashAccessToken('token-1'),
      now: clock(),
    })
    expect(proof.publicKey).toEqual(parseDelegation(held.chain[0] ?? '').publicKey)
    expect(proof.nonce).toBeUndefined()
  })

  test('one token for many requests, each with a proof of its own, until shortly before its end', async () => {
    await wallet.tokenFetch(`${API}/issues/7`)
    clock.advance(54)
    await wallet.tokenFetch(`${API}/issues/8`, { method: 'post', body: '{}' })
    expect(exchanges).toHaveLength(1)
    expect(sent.at(-1)).toMatchObject({ method: 'POST', body: '{}' })
    const [first, second] = sent.map(({ headers }) => headers.get('dpop'))
    expect(second).not.toBe(first)
    clock.advance(1)
    await wallet.tokenFetch(`${API}/issues/9`)
    expect(exchanges).toHaveLength(2)
    expect(sent.at(-1)?.headers.get('authorization')).toBe('DPoP token-2')
  })

  test('a nonce is used once it is given, and a challenge is answered once', async () => {
    answers.push(refuse('use_dpop_nonce', { 'dpop-nonce': 'n1' }))
    expect((await wallet.tokenFetch(`${API}/issues/7`)).status).toBe(200)
    expect(sent.map(({ headers }) => nonceIn(headers))).toEqual([undefined, 'n1'])
    await wallet.tokenFetch(`${API}/issues/7`)
    expect(nonceIn(sent.at(-1)?.headers)).toBe('n1')
    answers.push(
      refuse('use_dpop_nonce', { 'dpop-nonce': 'n2' }),
      refuse('use_dpop_nonce', { 'dpop-nonce': 'n3' }),
    )
    expect((await wallet.tokenFetch(`${API}/issues/7`)).status).toBe(401)
    expect(sent).toHaveLength(5)
    answers.push(refuse('use_dpop_nonce'))
    expect((await wallet.tokenFetch(`${API}/issues/7`)).status).toBe(401)
    expect(sent).toHaveLength(6)
  })

  test('a token that holds no more is exchanged anew, once, and not one that is new', async () => {
    answers.push(refuse('invalid_token'))
    expect((await wallet.tokenFetch(`${API}/issues/7`)).status).toBe(401)
    expect(exchanges).toHaveLength(1)
    answers.push(refuse('invalid_token'))
    expect((await wallet.tokenFetch(`${API}/issues/7`)).status).toBe(200)
    expect(exchanges).toHaveLength(2)
    answers.push(refuse('invalid_token'), refuse('invalid_token'))
    expect((await wallet.tokenFetch(`${API}/issues/7`)).status).toBe(401)
    expect(exchanges).toHaveLength(3)
  })

  test('another refusal is the caller’s, and so is a redirect', async () => {
    answers.push(
      new Response('', { status: 403, headers: { 'www-authenticate': 'DPoP error="invalid_token"' } }),
    )
    expect((await wallet.tokenFetch(`${API}/issues/7`)).status).toBe(403)
    answers.push(new Response('', { status: 302, headers: { location: 'https://evil.test' } }))
    expect((await wallet.tokenFetch(`${API}/issues/7`)).status).toBe(302)
    expect(sent).toHaveLength(2)
  })

  test('what is not the caller’s to say', async () => {
    const url = `${API}/issues/7`
    for (const name of ['authorization', 'dpop', 'host']) {
      await expect(wallet.tokenFetch(url, { headers: { [name]: 'x' } })).rejects.toThrow(TypeError)
    }
    await expect(wallet.tokenFetch(url, { redirect: 'follow' })).rejects.toThrow(TypeError)
    await expect(wallet.tokenFetch('http://api.test/issues/7')).rejects.toThrow(TypeError)
    await expectRefusal(wallet.tokenFetch(url, { resource: `${API}/mcp` }), 'credential_missing')
    expect(sent).toEqual([])
  })

  test('a refusal of the authority goes to the caller, and nothing to the API', async () => {
    granted = () => Response.json({ error: 'invalid_grant', code: 'credential_revoked' }, { status: 400 })
    await expectRefusal(wallet.tokenFetch(`${API}/issues/7`), 'credential_revoked')
    expect(sent).toEqual([])
  })
})

function nonceIn(headers: Headers | undefined): unknown {
  const proof = headers?.get('dpop') ?? ''
  const { payload } = parseCompactJws(proof, { maxBytes: proof.length })
  return payload['nonce']
}
