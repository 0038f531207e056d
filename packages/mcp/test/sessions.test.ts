import type { McpCapability } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import { createMcpSessions } from '../src/mcp-sessions.ts'
import { call, callTool, codeOfAnswer, initialize, post } from './support/messages.ts'
import { serve } from './support/servers.ts'
import { codeOf, MCP_URL, makeWorld, NOW } from './support/world.ts'

const SESSION = /^[\w-]{32}$/u
const mcp: McpCapability = { type: 'mcp', locations: [MCP_URL], actions: ['tools/list'] }

async function setUp(options = {}) {
  const served = serve('1.x')
  const world = await makeWorld({ handler: served.handler, ...options })
  const [a, b] = [world.wallet(10), world.wallet(11)]
  await world.grant(a, [mcp])
  await world.grant(b, [mcp])
  const open = async (wallet = a): Promise<string> => {
    const answer = await post(wallet, initialize())
    const code = await codeOfAnswer(answer)
    return answer.headers.get('mcp-session-id') ?? code
  }
  const use = (session: string, wallet = a, delegation?: string): Promise<string> =>
    codeOfAnswer(
      post(wallet, call('tools/list'), {
        headers: { 'mcp-session-id': session },
        ...(delegation !== undefined && { delegation }),
      }),
    )
  return { served, world, a, b, open, use }
}

describe('a session', () => {
  test('is used by whom opened it', async () => {
    const { open, use } = await setUp()
    const session = await open()
    expect(await use(session)).toBe('ok')
    expect(await use(session)).toBe('ok')
  })

  test('is of no use to another agent', async () => {
    const { b, open, use } = await setUp()
    const session = await open()
    expect(await use(session, b)).toBe('mcp_session_mismatch')
    expect(await use(session)).toBe('ok')
  })

  test('is of no use under another delegation of the same key', async () => {
    const { world, a, open, use } = await setUp()
    const first = a.delegations()[0]?.id ?? ''
    const session = await open()
    await world.grant(a, [mcp])
    expect(await use(session, a, a.delegations()[0]?.id)).toBe('mcp_session_mismatch')
    expect(await use(session, a, first)).toBe('ok')
  })

  test('that nobody opened is not there', async () => {
    const { use, a } = await setUp()
    const answer = await post(a, call('tools/list'), { headers: { 'mcp-session-id': 'made-up' } })
    expect([answer.status, await codeOfAnswer(answer)]).toEqual([404, 'not_found'])
    expect(await use('')).not.toBe('ok')
  })

  test('that was ended is not there any more', async () => {
    const { a, b, open, use } = await setUp()
    const session = await open()
    const end = (wallet = a): Promise<string> =>
      codeOfAnswer(post(wallet, null, { method: 'DELETE', headers: { 'mcp-session-id': session } }))
    expect(await end(b)).toBe('mcp_session_mismatch')
    expect(await use(session)).toBe('ok')
    expect(await end()).toBe('ok')
    expect(await use(session)).toBe('not_found')
  })

  test('carries no call that is not signed for itself', async () => {
    const { world, open } = await setUp()
    const session = await open()
    const request = new Request(MCP_URL, {
      method: 'POST',
      body: callTool('search_issues'),
      headers: { host: 'mcp.test', 'content-type': 'application/json', 'mcp-session-id': session },
    })
    expect(await codeOfAnswer(world.endpoint.fetch(request))).toBe('signature_missing')
  })
})

test('a session is of no use to another key, whatever id its delegation has', async () => {
  // Who hands a delegation on chooses its id.
  const sessions = createMcpSessions({}, () => undefined)
  sessions.open('s', { agent: 'did:key:a', delegation: 'urn:uuid:1' }, NOW)
  const check = async (agent: string): Promise<void> =>
    sessions.check('s', { agent, delegation: 'urn:uuid:1' }, NOW)
  expect(await codeOf(check('did:key:b'))).toBe('mcp_session_mismatch')
  expect(await codeOf(check('did:key:a'))).toBe('ok')
})

describe('how many sessions are open', () => {
  test('is limited for each agent, and the server is not asked', async () => {
    const { served, b, open } = await setUp({ maxSessionsPerAgent: 2 })
    await open()
    await open()
    const before = served.shown.length
    expect(await open()).toBe('rate_limited')
    expect(served.shown.length).toBe(before)
    expect(await open(b)).toMatch(SESSION)
  })

  test('is limited for all of them, also when they open at once', async () => {
    const { served, b, open } = await setUp({ maxSessions: 2 })
    await Promise.all([open(), open(), open(), open(), open()].map((opened) => opened.catch(() => '')))
    expect(await open(b)).toBe('rate_limited')
    // Those that were opened beyond were ended at the server, too.
    const ended = served.shown.filter(({ method }) => method === 'DELETE')
    const opened = served.shown.filter(({ method }) => method === 'POST')
    expect(opened.length - ended.length).toBe(2)
  })

  test('goes down when nobody uses them, and the server is told', async () => {
    const { served, world, open, use } = await setUp({ maxSessionsPerAgent: 2, sessionIdleSeconds: 60 })
    const [idle, used] = [await open(), await open()]
    world.now += 40_000
    expect(await use(used)).toBe('ok')
    world.now += 30_000
    expect(await open()).toMatch(SESSION)
    const ended = served.shown.filter(({ method }) => method === 'DELETE')
    expect(ended.map(({ headers }) => headers.get('mcp-session-id'))).toEqual([idle])
    expect([await use(idle), await use(used)]).toEqual(['not_found', 'ok'])
  })

  test('stays within bounds however many are opened', async () => {
    const { world, a } = await setUp({ maxSessionsPerAgent: 8 })
    const codes = new Map<string, number>()
    for (let turn = 0; turn < 40; turn += 1) {
      const code = await codeOfAnswer(post(a, initialize()))
      codes.set(code, (codes.get(code) ?? 0) + 1)
    }
    expect([...codes]).toEqual([
      ['ok', 8],
      ['rate_limited', 32],
    ])
    expect(world.records.filter(({ code }) => code === 'rate_limited')).toHaveLength(32)
  })

  test.each(['maxSessions', 'maxSessionsPerAgent', 'sessionIdleSeconds'])(
    'has a %s above zero',
    async (name) => {
      await expect(setUp({ [name]: 0 })).rejects.toThrow(TypeError)
    },
  )
})
