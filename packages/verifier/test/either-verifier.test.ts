import { describe, expect, test } from 'vitest'
import { createEitherVerifier, createTokenVerifier, type IncomingRequest } from '../src/index.ts'
import { agentC } from './support/agents.ts'
import { freshNonce, makeRequest } from './support/b0.ts'
import { makeChain, NOW } from './support/chain.ts'
import { type AnyGuard, adapters, type Seen, startAdapter, withServer } from './support/servers.ts'
import { makeToken, makeTokenRequest, makeTokenSurroundings, makeTokenWorld } from './support/tokens.ts'
import { codeOfResponse, portOf, send, type WireResponse } from './support/wire.ts'
import { makeObserver, makeWorld } from './support/world.ts'

type Sent = IncomingRequest & { readonly body: Uint8Array }

const chain = await makeChain()
const signed = (): Promise<Sent> => makeRequest(chain)

async function makeEither(): Promise<AnyGuard> {
  return createEitherVerifier({ signatures: makeWorld().verifier, tokens: (await makeTokenWorld()).verifier })
}

const withLines = (request: Sent, ...lines: (readonly [string, string])[]): Sent => ({
  ...request,
  headers: [...request.headers, ...lines],
})

describe.each(adapters)('the adapter of $name', (adapter) => {
  async function exchange(
    guard: AnyGuard,
    ...requests: Sent[]
  ): Promise<{ responses: WireResponse[]; seen: Seen[] }> {
    const seen: Seen[] = []
    return await withServer(startAdapter(adapter, guard, seen), async (server) => {
      const responses: WireResponse[] = []
      for (const request of requests) responses.push(await send(portOf(server), request))
      return { responses, seen }
    })
  }

  test('takes a verifier of tokens as it takes one of signatures', async () => {
    const { verifier } = await makeTokenWorld()
    const request = await makeTokenRequest()
    const { responses, seen } = await exchange(verifier, request, request, await signed())
    expect(responses.map(codeOfResponse)).toEqual(['200', 'invalid_dpop_proof', 'header_ambiguous'])
    expect(seen.map(({ verified }) => [verified.agent, verified.token?.agent])).toEqual([
      [agentC.did, agentC.did],
    ])
    expect(responses[0]?.headers.get('request-id')).toBe(seen[0]?.verified.requestId)
    expect(responses[1]?.headers.get('www-authenticate')).toContain('error="invalid_dpop_proof"')
  })

  test('takes a verifier of both', async () => {
    const { responses, seen } = await exchange(await makeEither(), await signed(), await makeTokenRequest())
    expect(responses.map(({ status }) => status)).toEqual([200, 200])
    expect(seen.map(({ verified }) => verified.token === undefined)).toEqual([true, false])
    const [one, other] = seen.map(({ verified: { principal, agent, workflow } }) => ({
      principal,
      agent,
      workflow,
    }))
    expect(one).toEqual(other)
  })

  test('tells who showed nothing of both ways, in one line', async () => {
    const bare = {
      method: 'GET',
      target: '/v1/items/7',
      headers: [['Host', 'api.test']] as const,
      body: new Uint8Array(),
    }
    const { responses } = await exchange(await makeEither(), bare)
    expect(responses.map(codeOfResponse)).toEqual(['signature_missing'])
    expect(responses[0]?.headers.get('www-authenticate')).toBe(
      'Signature realm="api.test", error="signature_missing", tag="agent-delegation", DPoP realm="api.test", algs="EdDSA"',
    )
  })
})

describe('createEitherVerifier', () => {
  test('lets neither way make up for the other', async () => {
    const guard = await makeEither()
    const token = await makeToken()
    const withToken = await makeTokenRequest({ token })
    const wrong = await makeTokenRequest({ token, htm: 'POST' })
    const lines = wrong.headers.filter(([name]) => ['Authorization', 'DPoP'].includes(name))
    const cases: [Sent, string, string][] = [
      [withLines(await signed(), ...lines), 'header_ambiguous', 'a signed request with a token'],
      [withLines(await signed(), ['DPoP', 'x']), 'header_ambiguous', 'a signed request with a proof'],
      [withLines(withToken, ['Signature-Key', 'x']), 'header_ambiguous', 'a token with a chain'],
      [wrong, 'invalid_dpop_proof', 'a token with a wrong proof'],
      [
        await makeTokenRequest({ token, lines: (text) => [['Authorization', `Bearer ${text}`]] }),
        'invalid_token',
        'Bearer',
      ],
      [
        withLines(await signed(), ['Authorization', 'Bearer of-the-API']),
        'ok',
        'a token of the API’s own beside a signature',
      ],
    ]
    for (const [request, code, name] of cases) {
      const outcome = await guard.verify(request).then(
        () => 'ok',
        (error: { code: string }) => error.code,
      )
      expect(outcome, name).toBe(code)
    }
  })

  test('answers for the one that refused', async () => {
    const guard = await makeEither()
    const challengeFor = async (request: Sent): Promise<string | undefined> => {
      const error = await guard.verify(request).then(
        () => undefined,
        (refusal: unknown) => refusal,
      )
      return guard.refuse(error, 'r').headers.find(([name]) => name === 'WWW-Authenticate')?.[1]
    }
    expect(await challengeFor(await makeTokenRequest({ htm: 'POST' }))).toMatch(/^DPoP /u)
    expect(await challengeFor(await makeRequest(chain, { created: NOW / 1000 - 120 }))).toMatch(
      /^Signature /u,
    )
    const forbidden = await makeRequest(chain, { method: 'DELETE', body: '' })
    expect(await challengeFor(forbidden)).toBe(
      'Signature realm="api.test", error="insufficient_scope", scope="DELETE https://api.test/v1/items", tag="agent-delegation"',
    )
  })

  test('observes with both, or with none', async () => {
    const { options } = await makeTokenSurroundings()
    const tokens = createTokenVerifier({ ...options, mode: 'observe', reportObservation: () => undefined })
    const { observer } = makeObserver()
    const guard = createEitherVerifier({ signatures: observer, tokens })
    expect(guard.mode).toBe('observe')
    expect((await guard.verify(await signed())).verified?.agent).toBe(agentC.did)
    expect((await guard.verify(await makeTokenRequest({ htm: 'POST' }))).refusal?.code).toBe(
      'invalid_dpop_proof',
    )
    // @ts-expect-error: one enforces
    expect(() => createEitherVerifier({ signatures: makeWorld().verifier, tokens })).toThrow(TypeError)
  })

  test('shares one store, in which a nonce of a signature is not a jti', async () => {
    const { world, options } = await makeTokenSurroundings()
    const { replayStore } = options
    const signatures = makeWorld({ replayStore, clock: () => world.now }).verifier
    const guard = createEitherVerifier({ signatures, tokens: createTokenVerifier(options) })
    world.now = NOW
    const nonce = freshNonce()
    await guard.verify(await makeRequest(chain, { nonce }))
    expect((await guard.verify(await makeTokenRequest({ jti: nonce }))).agent).toBe(agentC.did)
  })
})
