import type { JsonObject } from '@behalf/core'
import type { McpCapability } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import { createStdioEndpoint, createStdioTransport } from '../src/stdio.ts'
import { GENERATIONS, type Generation } from './support/servers.ts'
import {
  AUDIENCE,
  codeOfMessage,
  type LineChanges,
  makeStdioWorld,
  proveLine,
  readMessages,
  type StdioWorldOptions,
} from './support/stdio.ts'

const PIN = `sha-256:${'A'.repeat(43)}`
const mcp = (changes: Partial<McpCapability> = {}): McpCapability => ({
  type: 'mcp',
  locations: [AUDIENCE],
  actions: ['tools/call', 'prompts/get', 'resources/read'],
  tools: { search_issues: PIN, whoami: PIN, wait: PIN },
  ...changes,
})
const SEARCH = {
  id: 1,
  method: 'tools/call',
  params: { name: 'search_issues', arguments: { project: 'ACME' } },
}

async function setUp(
  generation: Generation = '1.x',
  { capability = mcp(), ...options }: StdioWorldOptions & { readonly capability?: McpCapability } = {},
) {
  const world = await makeStdioWorld(generation, options)
  const wallet = world.wallet(10)
  const index = await world.grant(wallet, [capability])
  const next = readMessages(world)
  const send = (line: Uint8Array | string): void => void world.toServer.write(line)
  /** The answer to one line. */
  const ask = async (line: Uint8Array | string): Promise<JsonObject> => {
    send(line)
    return await next()
  }
  const code = async (line: Uint8Array | string): Promise<string> => codeOfMessage(await ask(line))
  return { world, wallet, index, served: world.served, next, send, ask, code }
}

const raw = (message: object | string): string =>
  `${typeof message === 'string' ? message : JSON.stringify(message)}\n`

describe.each(GENERATIONS)('a proven message to a server of %s', (generation) => {
  test('is served, and its answer tells under which id it is on record', async () => {
    const { world, wallet, served, ask } = await setUp(generation)
    const answer = await ask(await proveLine(wallet, SEARCH))
    expect(answer).toMatchObject({ id: 1, result: { content: [{ text: 'issues of ACME' }] } })
    const [record] = world.records
    expect(answer['result']).toMatchObject({ _meta: { 'behalf/request-id': record?.requestId } })
    expect(record).toMatchObject({ call: { method: 'tools/call', tool: 'search_issues' }, origin: AUDIENCE })
    expect(served.ran).toEqual(['search ACME'])
  })

  test('tells the server who calls, and no caller of its own', async () => {
    const { wallet, ask } = await setUp(generation)
    const params = { name: 'whoami', _meta: { 'behalf/caller': 'somebody' } }
    const line = await proveLine(wallet, { id: 1, method: 'tools/call', params: { name: 'whoami' } })
    expect(await ask(line)).toMatchObject({ result: { content: [{ text: `${wallet.did} for person-7` }] } })
    // What a peer says of the caller is laid over by what was verified.
    const message = { id: 2, method: 'tools/call', params }
    const proof = await wallet.proveMessage(message, {
      audience: AUDIENCE,
      delegation: wallet.delegations()[0]?.id ?? '',
    })
    const meta = { ...params._meta, 'behalf/proof': proof }
    expect(await ask(raw({ jsonrpc: '2.0', ...message, params: { ...params, _meta: meta } }))).toMatchObject({
      result: { content: [{ text: `${wallet.did} for person-7` }] },
    })
  })

  test('is refused in the words of the same refusal over HTTP', async () => {
    const { world, wallet, served, ask } = await setUp(generation)
    const answer = await ask(await proveLine(wallet, { ...SEARCH, params: { name: 'close_issue' } }))
    expect(answer).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error: {
        code: -32_000,
        message: 'Delegation does not cover this request (scope_exceeded)',
        data: expect.objectContaining({
          code: 'scope_exceeded',
          status: 403,
          required_scope: `tools/call ${AUDIENCE} close_issue`,
          request_id: world.records[0]?.requestId,
        }),
      },
    })
    expect(served.ran).toEqual([])
  })
})

describe('a message is refused', () => {
  const other = { 'behalf/proof': 'other' }
  test.each<[string, LineChanges, string]>([
    ['with another method', { sent: { method: 'prompts/get' } }, 'signature_invalid'],
    ['with another id', { sent: { id: 2 } }, 'signature_invalid'],
    ['for another tool', { params: { name: 'whoami' } }, 'signature_invalid'],
    ['with other arguments', { params: { arguments: { project: 'BEST' } } }, 'signature_invalid'],
    ['with one more param', { params: { more: true } }, 'signature_invalid'],
    ['of another server', { audience: 'urn:example:other' }, 'target_mismatch'],
    [
      'of another server that is told to be for this one',
      { audience: 'urn:example:other', proof: { audience: AUDIENCE } },
      'signature_invalid',
    ],
    ['with another context', { proof: { context: { model: 'x' } } }, 'signature_invalid'],
    ['with another nonce', { proof: { nonce: 'AAAAAAAAAAAAAAAAAAAAAA' } }, 'signature_invalid'],
    ['with another time', { proof: { expires: 1_796_126_450 } }, 'signature_invalid'],
    ['that names a chain nobody showed', { show: 'name' }, 'cache_miss'],
    ['with a proof that is none', { sent: { params: { _meta: other } } }, 'signature_malformed'],
    ['without proof', { sent: { params: SEARCH.params } }, 'signature_missing'],
    ['without params', { sent: { params: {} } }, 'signature_missing'],
  ])('%s', async (_title, changes, expected) => {
    const { world, wallet, served, code } = await setUp()
    expect(await code(await proveLine(wallet, SEARCH, changes))).toBe(expected)
    expect(served.ran).toEqual([])
    expect(world.records).toMatchObject([{ decision: 'refused', code: expected }])
  })

  test('a second time, and at another server with the same store', async () => {
    const { world, wallet, served, code } = await setUp()
    const line = await proveLine(wallet, SEARCH)
    expect(await code(line)).toBe('ok')
    expect(await code(line)).toBe('nonce_replayed')
    expect(served.ran).toEqual(['search ACME'])
    expect(world.records.map((record) => record.code)).toEqual(['ok', 'nonce_replayed'])
    const second = await setUp('1.x', { audience: 'urn:example:second' })
    expect(await second.code(line)).toBe('target_mismatch')
  })

  test.each<[string, string | Uint8Array, string]>([
    ['several at once', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 'mcp_batch_unsupported'],
    ['a member twice', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}', 'json_ambiguous'],
    ['no JSON', '{', 'request_malformed'],
    ['nothing', '', 'request_malformed'],
    ['no JSON-RPC', '{"id":1,"method":"ping"}', 'request_malformed'],
    ['a member of its own', '{"jsonrpc":"2.0","id":1,"method":"ping","extra":1}', 'request_malformed'],
    ['params in a list', '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', 'request_malformed'],
    ['bytes that are no text', Uint8Array.of(0xff, 0x0a), 'request_malformed'],
  ])('that is %s', async (_title, line, expected) => {
    const { world, code } = await setUp()
    expect(await code(typeof line === 'string' ? raw(line) : line)).toBe(expected)
    expect(world.records).toMatchObject([{ decision: 'refused', code: expected }])
  })

  test('that is too long, and the next one is read', async () => {
    const { wallet, ask, code } = await setUp('1.x', { maxMessageBytes: 4000 })
    const line = await proveLine(wallet, SEARCH)
    const long = raw({ jsonrpc: '2.0', id: 1, method: 'ping', params: { text: 'x'.repeat(5000) } })
    const refusal = await ask(long)
    expect([codeOfMessage(refusal), refusal['id']]).toEqual(['request_too_large', undefined])
    expect(await code(line)).toBe('ok')
  })

  test('that comes in pieces, or with others in one', async () => {
    const { wallet, send, next } = await setUp()
    const [one, two, three] = [
      await proveLine(wallet, { id: 1 }),
      await proveLine(wallet, { id: 2 }),
      await proveLine(wallet, { id: 3 }),
    ].map((line) => Buffer.from(line))
    if (!one || !two || !three) throw new Error('there are three')
    send(one.subarray(0, 100))
    send(one.subarray(100, 200))
    send(Buffer.concat([one.subarray(200), two, three.subarray(0, 50)]))
    send(Buffer.concat([three.subarray(50, -1), Buffer.from('\r\n')]))
    expect([await next(), await next(), await next()].map(({ id }) => id)).toEqual([1, 2, 3])
  })

  test.each<[string, McpCapability, object, string]>([
    ['at another server', mcp({ locations: ['urn:example:other'] }), SEARCH, 'audience_mismatch'],
    ['for what it may not do', mcp({ actions: ['prompts/get'] }), SEARCH, 'scope_exceeded'],
    [
      'beyond its arguments',
      mcp({ constraints: { arguments: { project: { const: 'B' } } } }),
      SEARCH,
      'policy_denied',
    ],
    [
      'for another resource',
      mcp({ constraints: { arguments: { uri: { prefix: 'issue://ACME/' } } } }),
      { id: 1, method: 'resources/read', params: { uri: 'issue://B/7' } },
      'policy_denied',
    ],
    [
      'for a name of other letters',
      mcp(),
      { id: 1, method: 'tools/call', params: { name: 's\u0435arch' } },
      'request_malformed',
    ],
  ])('whose delegation is not %s', async (_title, capability, message, expected) => {
    const { wallet, served, code } = await setUp('1.x', { capability })
    expect(await code(await proveLine(wallet, message))).toBe(expected)
    expect(served.ran).toEqual([])
  })

  test('whose chain is revoked, or whose issuer is trusted no more', async () => {
    const { world, wallet, index, code } = await setUp()
    expect(await code(await proveLine(wallet, SEARCH))).toBe('ok')
    await world.revoke(index)
    expect(await code(await proveLine(wallet, SEARCH, { show: 'name' }))).toBe('credential_revoked')
    await world.revoke()
    expect(await code(await proveLine(wallet, SEARCH))).toBe('ok')
    const [held] = wallet.delegations()
    world.endpoint.distrustIssuer(held?.leaf.issuer ?? 'did:key:z')
    expect(await code(await proveLine(wallet, SEARCH))).toBe('issuer_untrusted')
  })

  test('when it cannot be recorded', async () => {
    const record = (): never => {
      throw new Error('disk full')
    }
    const { wallet, served, ask } = await setUp('1.x', {
      auditSink: { record },
      reportFault: () => undefined,
    })
    const { error } = await ask(await proveLine(wallet, SEARCH))
    expect(error).toMatchObject({
      data: { code: 'audit_unavailable', status: 503, retry_after: expect.any(Number) },
    })
    expect(served.ran).toEqual([])
  })
})

describe('what wants no answer', () => {
  test('is proven like everything else, and refused in silence', async () => {
    const { world, wallet, send, code } = await setUp()
    const told = { method: 'notifications/initialized' }
    send(raw({ jsonrpc: '2.0', ...told }))
    send(raw({ jsonrpc: '2.0', id: 7, result: {} }))
    send(await proveLine(wallet, told))
    expect(await code(await proveLine(wallet, { id: 1 }))).toBe('ok')
    expect(world.records.map((record) => record.code)).toEqual([
      'signature_missing',
      'signature_missing',
      'ok',
      'ok',
    ])
  })

  test('is bound to what it answers', async () => {
    const { world, wallet, send, code } = await setUp()
    const [held] = wallet.delegations()
    const how = { audience: AUDIENCE, delegation: held?.id ?? '' }
    const answer = { id: 7, result: { action: 'accept', _meta: {} } }
    const proof = await wallet.proveMessage(answer, how)
    const line = (changes: object): string =>
      raw({
        jsonrpc: '2.0',
        ...answer,
        ...changes,
        result: { ...answer.result, _meta: { 'behalf/proof': proof } },
      })
    send(line({ id: 8 }))
    send(line({}))
    const failed = { id: 9, error: { code: -1, message: 'no', data: { _meta: {} } } }
    const told = await wallet.proveMessage(failed, how)
    const error = { ...failed.error, data: { _meta: { 'behalf/proof': told } } }
    send(raw({ jsonrpc: '2.0', id: 9, error: { ...error, code: -2 } }))
    send(raw({ jsonrpc: '2.0', id: 9, error }))
    expect(await code(await proveLine(wallet, { id: 1 }))).toBe('ok')
    expect(world.records.map((record) => record.code)).toEqual([
      'signature_invalid',
      'ok',
      'signature_invalid',
      'ok',
      'ok',
    ])
  })
})

test.each(['issues', 'https://mcp.test/mcp?x', 'https://mcp.test/mcp#x', 'https://a@mcp.test/'])(
  'nothing is called %s',
  (audience) => {
    expect(() => createStdioEndpoint({ audience } as never)).toThrow(TypeError)
    expect(() => createStdioTransport({} as never, audience, { send: async () => undefined })).toThrow(
      TypeError,
    )
  },
)

test('a transport is started once', async () => {
  const { world } = await setUp()
  await expect(world.endpoint.transport.start()).rejects.toThrow(TypeError)
})
