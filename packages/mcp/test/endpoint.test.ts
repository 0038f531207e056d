import type { Capability, McpCapability } from '@behalf/credential'
import type { Wallet } from '@behalf/wallet'
import { describe, expect, test } from 'vitest'
import { createMcpEndpoint, verifiedCaller } from '../src/index.ts'
import { call, callTool, codeOfAnswer, initialize, type PostChanges, post } from './support/messages.ts'
import { type Served, serve } from './support/servers.ts'
import { issuer, MCP_URL, makeWorld, toServed, type World } from './support/world.ts'

const PIN = `sha-256:${'A'.repeat(43)}`

const mcp = (changes: Partial<McpCapability> = {}): McpCapability => ({
  type: 'mcp',
  locations: [MCP_URL],
  actions: ['tools/call'],
  tools: { search_issues: PIN, whoami: PIN },
  ...changes,
})

interface Scene {
  readonly world: World
  readonly wallet: Wallet
  readonly served: Served
  /** The code of the answer to a signed message. */
  readonly code: (body: string | null, changes?: PostChanges) => Promise<string>
}

async function setUp(capabilities: readonly Capability[] = [mcp()], options = {}): Promise<Scene> {
  const served = serve('2.x')
  const world = await makeWorld({ handler: served.handler, ...options })
  const wallet = world.wallet(10)
  await world.grant(wallet, capabilities)
  const code = (body: string | null, changes?: PostChanges): Promise<string> =>
    codeOfAnswer(post(wallet, body, changes))
  return { world, wallet, served, code }
}

describe('what a message wants', () => {
  test('is allowed by name, and recorded before it is done', async () => {
    const { world, wallet, served, code } = await setUp()
    expect(await code(callTool('search_issues', { project: 'ACME' }))).toBe('ok')
    expect(served.ran).toEqual(['search ACME'])
    expect(world.records).toMatchObject([
      {
        decision: 'accepted',
        agent: wallet.did,
        origin: 'https://mcp.test',
        path: '/mcp',
        principal: { id: 'person-7' },
        delegations: [wallet.delegations()[0]?.id],
        call: { method: 'tools/call', tool: 'search_issues' },
      },
    ])
  })

  test('is not done when it cannot be recorded', async () => {
    const record = (): never => {
      throw new Error('disk full')
    }
    const { served, code } = await setUp([mcp()], { auditSink: { record }, reportFault: () => undefined })
    expect(await code(callTool('search_issues', { project: 'ACME' }))).toBe('audit_unavailable')
    expect(served.ran).toEqual([])
  })

  test.each<[string, Capability, string, string]>([
    ['a tool that is not named', mcp(), callTool('close_issue'), 'scope_exceeded'],
    [
      'a method that is not named',
      mcp(),
      call('resources/read', { uri: 'issue://ACME/7' }),
      'scope_exceeded',
    ],
    ['a list of what may not be used', mcp(), call('resources/list'), 'scope_exceeded'],
    [
      'another endpoint',
      mcp({ locations: ['https://mcp.test/other'] }),
      callTool('search_issues'),
      'audience_mismatch',
    ],
    [
      'the API behind it',
      { type: 'http', locations: ['https://mcp.test'], actions: ['POST'], paths: ['/**'] },
      callTool('search_issues'),
      'audience_mismatch',
    ],
    ['anything under no method', mcp({ actions: [] }), call('ping'), 'scope_exceeded'],
    ['a closed window', mcp({ constraints: { time: [] } }), call('tools/list'), 'policy_denied'],
  ])('is refused: %s', async (_title, capability, body, expected) => {
    const { code, served } = await setUp([capability])
    expect(await code(body)).toBe(expected)
    expect([served.ran, served.shown]).toEqual([[], []])
  })

  test('is named in a refusal', async () => {
    const { wallet } = await setUp()
    const answer = await post(wallet, callTool('close_issue'))
    expect(await answer.json()).toMatchObject({ required_scope: `tools/call ${MCP_URL} close_issue` })
  })

  test.each([
    ['opens', initialize()],
    ['is alive', call('ping')],
    ['lists what it may call', call('tools/list')],
    ['tells', JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })],
    ['answers', JSON.stringify({ jsonrpc: '2.0', id: 7, result: {} })],
  ])('needs no right of its own where it %s', async (_title, body) => {
    const { code } = await setUp()
    expect(await code(body)).toBe('ok')
  })
})

describe('constraints', () => {
  const limited = (values: object): McpCapability =>
    mcp({
      actions: ['tools/call', 'prompts/get', 'resources/read'],
      constraints: { arguments: values as never },
    })

  test.each<[string, object, string, string]>([
    [
      'an argument inside',
      { project: { enum: ['ACME'] } },
      callTool('search_issues', { project: 'ACME' }),
      'ok',
    ],
    [
      'another value',
      { project: { enum: ['ACME'] } },
      callTool('search_issues', { project: 'B' }),
      'policy_denied',
    ],
    ['no value', { project: { enum: ['ACME'] } }, callTool('search_issues'), 'policy_denied'],
    [
      'an argument that is not listed',
      { project: { enum: ['ACME'] } },
      callTool('search_issues', { project: 'ACME', limit: 9 }),
      'policy_denied',
    ],
    [
      'a prompt',
      { prompt: { const: 'triage' }, project: {} },
      call('prompts/get', { name: 'triage', arguments: { project: 'A' } }),
      'ok',
    ],
    [
      'another prompt',
      { prompt: { const: 'x' }, project: {} },
      call('prompts/get', { name: 'triage', arguments: { project: 'A' } }),
      'policy_denied',
    ],
    [
      'a resource',
      { uri: { prefix: 'issue://ACME/' } },
      call('resources/read', { uri: 'issue://ACME/7', _meta: {} }),
      'ok',
    ],
    [
      'another resource',
      { uri: { prefix: 'issue://ACME/' } },
      call('resources/read', { uri: 'issue://B/7' }),
      'policy_denied',
    ],
    ['a list, which has none', { project: { enum: ['ACME'] } }, call('tools/list'), 'ok'],
  ])('are held against %s', async (_title, values, body, expected) => {
    const { code } = await setUp([limited(values)])
    expect(await code(body)).toBe(expected)
  })

  test('leave no prompt whose argument would pass for its name', async () => {
    const { code } = await setUp([limited({ prompt: { const: 'triage' } })])
    const body = call('prompts/get', { name: 'other', arguments: { prompt: 'triage' } })
    expect(await code(body)).toBe('request_malformed')
  })
})

describe('a message', () => {
  const named = (name: string): string => callTool(name, { project: 'ACME' })

  test.each<[string, string, string]>([
    [
      'two names',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search_issues","name":"close_issue"}}',
      'json_ambiguous',
    ],
    [
      'an argument in two cases',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search_issues","arguments":{"a":1,"A":2}}}',
      'json_ambiguous',
    ],
    [
      'a case variant',
      '{"jsonrpc":"2.0","id":1,"Method":"tools/call","params":{"name":"search_issues"}}',
      'request_malformed',
    ],
    [
      'a case variant beside it',
      '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}',
      'json_ambiguous',
    ],
    ['a name with an invisible letter', named('search_issues\u200b'), 'request_malformed'],
    ['a name with a letter of another alphabet', named('s\u0435arch_issues'), 'request_malformed'],
    ['several messages', `[${call('ping')}]`, 'mcp_batch_unsupported'],
    ['a member of its own', '{"jsonrpc":"2.0","id":1,"method":"ping","extra":1}', 'request_malformed'],
    ['no JSON', '{', 'request_malformed'],
    ['no JSON-RPC', '{"method":"ping","id":1}', 'request_malformed'],
    ['params in a list', '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', 'request_malformed'],
    ['an id that is none', '{"jsonrpc":"2.0","id":null,"method":"ping"}', 'request_malformed'],
    ['a method that is none', '{"jsonrpc":"2.0","id":1,"method":"ping pong"}', 'request_malformed'],
    ['a call that answers', '{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}', 'request_malformed'],
    ['neither a call nor an answer', '{"jsonrpc":"2.0","id":1}', 'request_malformed'],
    [
      'arguments in a list',
      call('tools/call', { name: 'search_issues', arguments: [] }),
      'request_malformed',
    ],
    ['nothing', '', 'request_malformed'],
  ])('is refused with %s', async (_title, body, expected) => {
    const { code, served } = await setUp()
    expect(await code(body)).toBe(expected)
    expect([served.ran, served.shown]).toEqual([[], []])
  })

  test.each<[string, string | null, PostChanges, string]>([
    ['another type', call('ping'), { headers: { 'content-type': 'text/plain' } }, 'request_malformed'],
    ['an encoding', call('ping'), { headers: { 'content-encoding': 'gzip' } }, 'request_malformed'],
    ['another method', call('ping'), { method: 'PUT' }, 'request_malformed'],
    ['a body where none is read', call('ping'), { method: 'DELETE' }, 'request_malformed'],
    ['another path', call('ping'), { url: `${MCP_URL}/x` }, 'target_mismatch'],
    ['a query', call('ping'), { url: `${MCP_URL}?x` }, 'target_mismatch'],
    [
      'the origin of another page',
      call('ping'),
      { headers: { origin: 'https://evil.test' } },
      'mcp_host_forbidden',
    ],
    ['the origin of no page', call('ping'), { headers: { origin: 'null' } }, 'mcp_host_forbidden'],
    ['its own origin', call('ping'), { headers: { origin: 'https://mcp.test' } }, 'ok'],
    ['an origin that is allowed', call('ping'), { headers: { origin: 'https://ide.test' } }, 'ok'],
  ])('in a request with %s', async (_title, body, changes, expected) => {
    const { code } = await setUp([mcp()], { allowedOrigins: ['https://ide.test'] })
    expect(await code(body, changes)).toBe(expected)
  })

  test.each([
    ['https://evil.test/mcp', 'mcp_host_forbidden'],
    ['https://mcp.test:444/mcp', 'mcp_host_forbidden'],
  ])('to %s is refused before anything of it is looked at', async (url, expected) => {
    const { world } = await setUp()
    const answer = await world.endpoint.fetch(toServed(url, { method: 'POST', body: call('ping') }))
    expect(await codeOfAnswer(answer)).toBe(expected)
  })

  test('that nobody signed is refused, in a signed session as well', async () => {
    const { world } = await setUp()
    const headers = { 'content-type': 'application/json', 'mcp-session-id': 'x' }
    const request = toServed(MCP_URL, { method: 'POST', body: callTool('search_issues'), headers })
    expect(await codeOfAnswer(world.endpoint.fetch(request))).toBe('signature_missing')
  })

  test('that was changed on the way is refused', async () => {
    const { world } = await setUp()
    const send = async (request: Request): Promise<Response> => {
      const body = (await request.text()).replace('ACME', 'BEST')
      return world.endpoint.fetch(toServed(request, { body }))
    }
    const wallet = world.wallet(11, { send })
    await world.grant(wallet, [mcp()])
    expect(await codeOfAnswer(post(wallet, callTool('search_issues', { project: 'ACME' })))).toBe(
      'digest_mismatch',
    )
  })
})

describe('the server', () => {
  test('sees who calls, and nothing that proves it', async () => {
    const { wallet, served } = await setUp()
    const answer = await post(wallet, callTool('whoami'), {
      headers: { authorization: 'Bearer secret', cookie: 'a=b', 'x-api-key': 'k' },
    })
    expect(await answer.text()).toContain(`${wallet.did} for person-7`)
    expect([...(served.shown[0]?.headers.keys() ?? [])].toSorted()).toEqual(['accept', 'content-type'])
  })

  test('that is served without protection has no caller', () => {
    expect(() => verifiedCaller({})).toThrow(TypeError)
    expect(() => verifiedCaller({ authInfo: { extra: { behalf: { agent: 'did:key:z' } } } })).toThrow(
      TypeError,
    )
  })

  test('that fails is answered for, without its words', async () => {
    const handler = (): Promise<Response> => Promise.reject(new Error('secret'))
    const world = await makeWorld({ handler })
    const wallet = world.wallet(10)
    await world.grant(wallet, [mcp()])
    const answer = await post(wallet, call('ping'))
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('secret')
  })

  test.each([
    'https://mcp.test/mcp?x',
    'https://mcp.test/mcp#x',
    'https://mcp.test',
    'mcp',
    'https://a@mcp.test/',
  ])('has no endpoint at %s', (url) => {
    expect(() => createMcpEndpoint({ url } as never)).toThrow(TypeError)
  })

  test.each([{ requiredContext: ['model'] }, { requireHumanApproval: 'proven' }])(
    'takes no tokens where none can meet %o',
    async (required) => {
      const { handler } = serve('2.x')
      const tokens = { authorities: [{ issuer: 'https://authority.test', did: issuer.did }] }
      expect((await makeWorld({ handler, tokens })).endpoint.metadata?.path).toBe(
        '/.well-known/oauth-protected-resource/mcp',
      )
      await expect(makeWorld({ handler, tokens, ...(required as object) })).rejects.toThrow('tokens: ')
    },
  )
})
