import { decodeBase64url, decodeUtf8, encodeUtf8 } from '@behalf/core'
import { DELEGATION_TAG } from '@behalf/http-signature'
import { beforeEach, describe, expect, test } from 'vitest'
import type { WalletRequestInit } from '../src/delegated-fetch.ts'
import { DANGEROUSLY_ALLOW_PLAIN_HTTP } from '../src/request-target.ts'
import { expectRefusal } from './support/expect-refusal.ts'
import { last } from './support/fake-api.ts'
import { createTestWallet, type TestWallet } from './support/test-wallet.ts'
import { AGENT, API, createKey, issueChild, issueRoot, NOW, READ_ISSUES, SUB_AGENT } from './support/world.ts'

let world: TestWallet

beforeEach(async () => {
  world = createTestWallet()
  await world.wallet.receive([await issueRoot()])
})

describe('a signed request', () => {
  test('without a body covers method, target and key, and verifies', async () => {
    const response = await world.wallet.fetch(`${API}/issues/7?b=2&a=1`)
    expect(response.status).toBe(200)
    const { signature, chain } = world.api.lastProof()
    expect(signature.components).toEqual(['@method', '@target-uri', 'signature-key'])
    expect(chain).toEqual(world.wallet.delegations()[0]?.chain)
    const { headers, url } = last(world.api.sent)
    expect(url).toBe(`${API}/issues/7?b=2&a=1`)
    expect(headers.has('content-digest')).toBe(false)
    expect(headers.has('delegation-chain')).toBe(false)
    expect(headers.has('agent-context')).toBe(false)
  })

  test('has the parameters of the profile', async () => {
    await world.wallet.fetch(`${API}/issues/7`)
    const { signature } = world.api.lastProof()
    expect(signature).toMatchObject({
      label: 'sig',
      tag: DELEGATION_TAG,
      keyid: `${AGENT.did}#${AGENT.did.slice('did:key:'.length)}`,
      created: NOW / 1000,
      expires: NOW / 1000 + 60,
    })
    expect(decodeBase64url(signature.nonce)).toHaveLength(16)
  })

  test('with a body covers digest and content type as well', async () => {
    await world.wallet.fetch(`${API}/issues/7/comments`, { method: 'post', body: '{"text":"hi"}' })
    const { signature } = world.api.lastProof()
    expect(signature.components).toEqual([
      '@method',
      '@target-uri',
      'content-type',
      'content-digest',
      'signature-key',
    ])
    const { method, headers, body } = last(world.api.sent)
    expect(method).toBe('POST')
    expect(headers.get('content-type')).toBe('text/plain;charset=UTF-8')
    expect(decodeUtf8(body)).toBe('{"text":"hi"}')
  })

  test('keeps the content type of the caller', async () => {
    const headers = { 'Content-Type': 'application/json', 'X-Other': 'kept' }
    await world.wallet.fetch(`${API}/issues/7`, { method: 'POST', body: '{}', headers })
    world.api.lastProof()
    expect(last(world.api.sent).headers.get('content-type')).toBe('application/json')
    expect(last(world.api.sent).headers.get('x-other')).toBe('kept')
  })

  test('with an empty body has the digest of no bytes', async () => {
    await world.wallet.fetch(`${API}/issues/7`, { method: 'POST', body: new Uint8Array() })
    expect(world.api.lastProof().signature.components).toContain('content-digest')
  })

  test('takes a URL object, drops the fragment and passes the signal on', async () => {
    const { signal } = new AbortController()
    await world.wallet.fetch(new URL(`${API}/issues/7#secret`), { signal })
    world.api.lastProof()
    expect(last(world.api.sent).url).toBe(`${API}/issues/7`)
    expect(last(world.api.sent).init.signal).toBe(signal)
  })

  test('has a nonce of its own each time', async () => {
    await world.wallet.fetch(`${API}/issues/7`)
    const first = world.api.lastProof().signature.nonce
    await world.wallet.fetch(`${API}/issues/7`)
    expect(world.api.lastProof().signature.nonce).not.toBe(first)
  })

  test('lives as long as the wallet says, within the bounds', async () => {
    const { wallet, api } = createTestWallet({ signatureLifetimeSeconds: 5 })
    await wallet.receive([await issueRoot()])
    await wallet.fetch(`${API}/issues/7`)
    expect(api.lastProof().signature.expires).toBe(NOW / 1000 + 5)
    for (const signatureLifetimeSeconds of [0, 301, 1.5, Number.NaN]) {
      expect(() => createTestWallet({ signatureLifetimeSeconds })).toThrow(TypeError)
    }
  })

  test('presents the ancestors root first and the leaf as its key', async () => {
    const root = await issueRoot({ subject: createKey(9).did, maxDelegationDepth: 2 })
    const middle = await issueChild([root], createKey(9), { subject: SUB_AGENT.did })
    const chain = await issueChild(middle, SUB_AGENT, { subject: AGENT.did })
    const { wallet, api } = createTestWallet()
    await wallet.receive({ chain })
    await wallet.fetch(`${API}/issues/7`)
    expect(api.lastProof().chain).toEqual(chain)
    expect(last(api.sent).headers.get('delegation-chain')).toBe(`"${chain[0]}", "${chain[1]}"`)
  })
})

describe('the agent context', () => {
  test('is sent and covered', async () => {
    await world.wallet.fetch(`${API}/issues/7`, { context: { tool: 'search', call: 'c-1' } })
    expect(world.api.lastProof().signature.components).toContain('agent-context')
    expect(last(world.api.sent).headers.get('agent-context')).toBe('tool="search", call="c-1"')
  })

  test('names the run of the delegation', async () => {
    const { wallet, api } = createTestWallet()
    await wallet.receive([await issueRoot({ workflow: { id: 'triage', run: 'run-7' } })])
    await wallet.fetch(`${API}/issues/7`)
    expect(last(api.sent).headers.get('agent-context')).toBe('run="run-7"')
    expect(api.lastProof().signature.components).toContain('agent-context')
  })

  test('is never part of what fetch itself gets', async () => {
    await world.wallet.fetch(`${API}/issues/7`, { context: { call: 'c' }, delegation: idOf(world, 0) })
    expect(Object.keys(last(world.api.sent).init).toSorted()).toEqual(['headers', 'method', 'redirect'])
  })
})

describe('the delegation', () => {
  test('is the one the caller names', async () => {
    await world.wallet.receive([await issueRoot()])
    const [newest, oldest] = world.wallet.delegations()
    await world.wallet.fetch(`${API}/issues/7`, { delegation: oldest?.id ?? '' })
    expect(world.api.lastProof().chain).toEqual(oldest?.chain)
    await world.wallet.fetch(`${API}/issues/7`, { delegation: newest?.id ?? '' })
    expect(world.api.lastProof().chain).toEqual(newest?.chain)
  })

  test('that the caller names and the wallet does not hold is refused', async () => {
    await expectRefusal(
      world.wallet.fetch(`${API}/issues/7`, { delegation: 'urn:uuid:none' }),
      'credential_missing',
    )
    expect(world.api.sent).toEqual([])
  })

  test('that the caller names is presented even when it ended, so that the API says so', async () => {
    world.clock.advance(601)
    await world.wallet.fetch(`${API}/issues/7`, { delegation: idOf(world, 0) })
    expect(world.api.sent).toHaveLength(1)
  })

  test('is else the newest that authorises the request, not the newest of all', async () => {
    await world.wallet.receive([
      await issueRoot({ capabilities: [{ ...READ_ISSUES, paths: ['/labels/*'] }] }),
    ])
    const [labels, issues] = world.wallet.delegations()
    await world.wallet.fetch(`${API}/issues/7`)
    expect(world.api.lastProof().chain).toEqual(issues?.chain)
    await world.wallet.fetch(`${API}/labels/7`)
    expect(world.api.lastProof().chain).toEqual(labels?.chain)
  })

  test('is the newest of those that authorise it', async () => {
    await world.wallet.receive([await issueRoot({ maxUses: 3 })])
    await world.wallet.fetch(`${API}/issues/7`)
    expect(world.api.lastProof().chain).toEqual(world.wallet.delegations()[0]?.chain)
  })

  test('is chosen with a look at query, body and content type', async () => {
    const constrained = {
      ...READ_ISSUES,
      constraints: { query: { page: { const: '1' } }, body: { text: { maxLength: 3 } } },
    }
    await world.wallet.receive([await issueRoot({ capabilities: [constrained] })])
    const [narrow, wide] = world.wallet.delegations()
    const send = async (text: string, type = 'application/json'): Promise<readonly string[]> => {
      const init = { method: 'POST', body: `{"text":"${text}"}`, headers: { 'content-type': type } }
      await world.wallet.fetch(`${API}/issues/7?page=1`, init)
      return world.api.lastProof().chain
    }
    expect(await send('abc')).toEqual(narrow?.chain)
    expect(await send('abcd')).toEqual(wide?.chain)
    expect(await send('abc', 'text/plain')).toEqual(wide?.chain)
  })

  test('is not one that ended, nor one under a link that ended', async () => {
    const root = await issueRoot({ subject: SUB_AGENT.did, validUntil: NOW + 900_000 })
    await world.wallet.receive(
      await issueChild([root], SUB_AGENT, { subject: AGENT.did, validUntil: NOW + 700_000 }),
    )
    const [long, short] = world.wallet.delegations()
    await world.wallet.fetch(`${API}/issues/7`)
    expect(world.api.lastProof().chain).toEqual(long?.chain)
    world.clock.advance(699)
    await world.wallet.fetch(`${API}/issues/7`)
    expect(world.api.lastProof().chain).not.toEqual(short?.chain)
    world.clock.advance(1)
    await expectRefusal(world.wallet.fetch(`${API}/issues/7`), 'credential_missing')
  })

  test('is, where none authorises, one that names the origin: the API refuses', async () => {
    await world.wallet.receive([
      await issueRoot({ capabilities: [{ ...READ_ISSUES, locations: ['https://x.test'] }] }),
    ])
    await world.wallet.fetch(`${API}/secrets`, { method: 'DELETE' })
    expect(world.api.lastProof().chain).toEqual(world.wallet.delegations()[1]?.chain)
  })

  test('may name the origin by a URL below it, never by a longer host', async () => {
    const mcp = { type: 'mcp', locations: ['https://mcp.test/mcp'], actions: ['tools/call'] } as const
    await world.wallet.receive([await issueRoot({ capabilities: [mcp] })])
    await world.wallet.fetch('https://mcp.test/mcp', { method: 'POST', body: '{}' })
    expect(world.api.lastProof().chain).toEqual(world.wallet.delegations()[0]?.chain)
    await expectRefusal(world.wallet.fetch('https://mcp.te/'), 'credential_missing')
  })

  test('that names the origin is refused, with what to do, when there is none', async () => {
    const error = await expectRefusal(world.wallet.fetch('https://other.test/issues/7'), 'credential_missing')
    expect(error.message).toContain('requestDelegation')
    expect(error.message).toContain('https://other.test')
    expect(world.api.sent).toEqual([])
  })
})

describe('what is never sent', () => {
  test.each([
    ['plain http', 'http://api.test/issues/7', {}],
    ['credentials in the URL', 'https://user:secret@api.test/issues/7', {}],
    ['a stream', `${API}/issues/7`, { method: 'POST', body: new Blob(['x']).stream() }],
    ['to be redirected', `${API}/issues/7`, { redirect: 'follow' }],
    ['another host', `${API}/issues/7`, { headers: { Host: 'evil.test' } }],
    ['a signature of the caller', `${API}/issues/7`, { headers: { Signature: 'sig=:AA==:' } }],
    ['a signature input of the caller', `${API}/issues/7`, { headers: { 'Signature-Input': 'sig=()' } }],
    ['a key of the caller', `${API}/issues/7`, { headers: { 'Signature-Key': 'x' } }],
    ['a chain of the caller', `${API}/issues/7`, { headers: { 'Delegation-Chain': '"x"' } }],
    ['a digest of the caller', `${API}/issues/7`, { headers: { 'Content-Digest': 'x' } }],
    ['a context of the caller', `${API}/issues/7`, { headers: { 'Agent-Context': 'run="x"' } }],
  ] satisfies [string, string, WalletRequestInit][])(
    '%s is a wrong argument',
    async (_name, url, init: WalletRequestInit) => {
      await expect(world.wallet.fetch(url, init)).rejects.toThrow(TypeError)
      expect(world.api.sent).toEqual([])
    },
  )

  test('a covered value that could not stand on one line of ASCII', async () => {
    const init = { method: 'POST', body: 'x', headers: { 'content-type': 'text/plüin' } }
    await expectRefusal(world.wallet.fetch(`${API}/issues/7`, init), 'component_unsupported')
    expect(world.api.sent).toEqual([])
  })

  test('plain http goes out only under the dangerous option', async () => {
    const { wallet, api } = createTestWallet({ [DANGEROUSLY_ALLOW_PLAIN_HTTP]: true })
    const capabilities = [{ ...READ_ISSUES, locations: ['http://api.test'] }]
    await wallet.receive([await issueRoot({ capabilities })])
    await wallet.fetch('http://api.test/issues/7')
    expect(api.lastProof().signature.base).toContain('"@target-uri": http://api.test/issues/7')
  })
})

describe('a redirect', () => {
  test('is returned, and the request is sent nowhere else', async () => {
    world.api.answerNext(new Response(null, { status: 307, headers: { location: 'https://evil.test/' } }))
    const response = await world.wallet.fetch(`${API}/issues/7`, { redirect: 'manual' })
    expect(response.status).toBe(307)
    expect(world.api.sent).toHaveLength(1)
    expect(last(world.api.sent).init.redirect).toBe('manual')
  })

  test('may be made an error', async () => {
    await world.wallet.fetch(`${API}/issues/7`, { redirect: 'error' })
    expect(last(world.api.sent).init.redirect).toBe('error')
  })
})

describe('a network failure', () => {
  test('is what fetch said, and nothing is repeated', async () => {
    const failure = new TypeError('fetch failed')
    world.api.answerNext(failure)
    await expect(world.wallet.fetch(`${API}/issues/7`)).rejects.toBe(failure)
    expect(world.api.sent).toHaveLength(1)
  })

  test('repeated by the caller takes a new nonce and keeps the call', async () => {
    const init = {
      method: 'POST',
      body: new Uint8Array(encodeUtf8('{}')),
      context: { call: 'c-1' },
      headers: { 'idempotency-key': 'k' },
    }
    world.api.answerNext(new TypeError('fetch failed'))
    await expect(world.wallet.fetch(`${API}/issues/7`, init)).rejects.toThrow()
    const first = world.api.lastProof().signature.nonce
    await world.wallet.fetch(`${API}/issues/7`, init)
    expect(world.api.lastProof().signature.nonce).not.toBe(first)
    expect(last(world.api.sent).headers.get('agent-context')).toBe('call="c-1"')
    expect(last(world.api.sent).headers.get('idempotency-key')).toBe('k')
  })
})

function idOf({ wallet }: TestWallet, position: number): string {
  return wallet.delegations()[position]?.id ?? ''
}
