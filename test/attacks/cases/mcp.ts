import type { McpCapability } from '@behalf/credential'
import { VerifierError } from '@behalf/verifier'
import type { Wallet } from '@behalf/wallet'
import { expect } from 'vitest'
import { createMcpSessions, type McpSessions } from '../../../packages/mcp/src/mcp-sessions.ts'
import {
  callTool,
  codeOfAnswer,
  initialize,
  call as message,
  type PostChanges,
  post,
} from '../../../packages/mcp/test/support/messages.ts'
import { type Served, serve } from '../../../packages/mcp/test/support/servers.ts'
import { MCP_URL, makeWorld, NOW, toServed, type World } from '../../../packages/mcp/test/support/world.ts'
import { type AttackCase, type CaseGroup, call, invariantOnce } from '../support/attack-case.ts'
import { floodSessions } from '../support/session-flood.ts'
import { killAfterEffects } from '../support/tool-kills.ts'

const PIN = `sha-256:${'A'.repeat(43)}`
const READING: McpCapability = {
  type: 'mcp',
  locations: [MCP_URL],
  actions: ['tools/call', 'tools/list'],
  tools: { search_issues: PIN, wait: PIN },
}
const SEARCH = callTool('search_issues', { project: 'ACME' })

interface Scene {
  readonly world: World
  readonly wallet: Wallet
  readonly served: Served
  /** Of the wallet's delegation in the list of what is revoked. */
  readonly index: number
}

async function setUp(capability: McpCapability = READING, options = {}): Promise<Scene> {
  const served = serve('1.x')
  const world = await makeWorld({ handler: served.handler, ...options })
  const wallet = world.wallet(10)
  return { world, wallet, served, index: await world.grant(wallet, [capability]) }
}

async function openSession({ wallet }: Scene): Promise<Record<string, string>> {
  const answer = await post(wallet, initialize())
  await answer.text()
  return { 'mcp-session-id': answer.headers.get('mcp-session-id') ?? '' }
}

/** One signed message in a session of its own; no tool ran when it is refused. */
const refuse = (body: string, changes: PostChanges = {}, capability = READING): AttackCase =>
  call(async () => {
    const scene = await setUp(capability)
    const headers = await openSession(scene).catch(() => ({}))
    const code = await codeOfAnswer(
      post(scene.wallet, body, { ...changes, headers: { ...headers, ...changes.headers } }),
    )
    expect(scene.served.ran).toEqual([])
    return code
  })

/** MCP binding. */
export const mcp: CaseGroup = {
  name: 'MCP binding',
  catalogue: {
    'MC-001': call(async () => {
      const scene = await setUp()
      const headers = await openSession(scene)
      const other = scene.world.wallet(11)
      await scene.world.grant(other, [READING])
      return codeOfAnswer(post(other, SEARCH, { headers }))
    }),
    'MC-003': call(async () => {
      const scene = await setUp()
      const headers = { ...(await openSession(scene)), 'content-type': 'application/json' }
      const unsigned = toServed(MCP_URL, { method: 'POST', body: SEARCH, headers })
      return codeOfAnswer(scene.world.endpoint.fetch(unsigned))
    }),
    'MC-004': call(async () => {
      const { world } = await setUp()
      const send = async (request: Request): Promise<Response> =>
        world.endpoint.fetch(toServed(request, { body: (await request.text()).replace('ACME', 'BEST') }))
      const wallet = world.wallet(11, { send })
      await world.grant(wallet, [READING])
      return codeOfAnswer(post(wallet, SEARCH))
    }),
    'MC-006': refuse(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search_issues","name":"close_issue"}}',
    ),
    'MC-007': refuse('{"jsonrpc":"2.0","id":1,"Method":"tools/call","params":{"name":"search_issues"}}'),
    'MC-009': refuse(callTool('close_issue')),
    'MC-010': call(async () => {
      const codes = new Set<string>()
      for (const name of ['search_issues\u200b', 's\u0435arch_issues']) {
        const { wallet } = await setUp()
        codes.add(await codeOfAnswer(post(wallet, callTool(name))))
      }
      return [...codes].join(' and ')
    }),
    'MC-012': refuse(
      callTool('search_issues'),
      {},
      // The tool of this name is granted at another server, and here another one is.
      { ...READING, tools: { whoami: PIN } },
    ),
    'MC-013': call(async () => {
      const elsewhere = { ...READING, locations: ['https://mcp.test/other'] }
      const { wallet, served } = await setUp(elsewhere)
      const code = await codeOfAnswer(post(wallet, SEARCH, { headers: { authorization: 'Bearer other' } }))
      expect(served.shown).toEqual([])
      const granted = await setUp()
      await codeOfAnswer(post(granted.wallet, initialize(), { headers: { authorization: 'Bearer other' } }))
      const names = granted.served.shown.flatMap(({ headers }) => [...headers.keys()])
      expect(names.filter((name) => !['accept', 'content-type'].includes(name))).toEqual([])
      return code
    }),
    'MC-015': call(async () => {
      const { world } = await setUp()
      const headers = { origin: 'https://evil.test', 'content-type': 'application/json' }
      const byName = new Request('https://evil.test/mcp', { method: 'POST', body: SEARCH, headers })
      return codeOfAnswer(world.endpoint.fetch(toServed(byName)))
    }),
    'MC-016': call(floodWithSessions),
    'MC-018': call(async () => {
      const scene = await setUp()
      const headers = await openSession(scene)
      const stream = await post(scene.wallet, null, {
        method: 'GET',
        headers: { ...headers, accept: 'text/event-stream' },
      })
      const read = stream.text().catch((error: unknown) => error)
      await scene.world.revoke(scene.index)
      expect(await read).toMatchObject({ code: 'credential_revoked' })
      return codeOfAnswer(post(scene.wallet, message('tools/list'), { headers }))
    }),
    'MC-019': invariantOnce(killAfterTool),
  },
  own: {},
}

/**
 * More agents than there is room for open sessions and end none; `npm run faults -- --only session-flood` does it
 * 100,000 times, with the room that an endpoint has by itself. The table alone is shown as many here.
 */
async function floodWithSessions(): Promise<string> {
  const { opened, refused, shown, held, ended, codeAfterIdle } = await floodSessions({
    attempts: 500,
    room: 200,
  })
  expect([opened, shown, refused]).toEqual([200, 200, { rate_limited: 300 }])
  expect(held.after / held.full).toBeLessThan(1.1)
  // Nobody used them, so they end, at the server too, and there is room again.
  expect([ended, codeAfterIdle]).toEqual([200, 'ok'])
  const sessions = createMcpSessions({}, () => undefined)
  const codes = new Map<unknown, number>()
  for (let turn = 0; turn < 100_000; turn += 1) {
    const code = open(sessions, turn)
    codes.set(code, (codes.get(code) ?? 0) + 1)
  }
  expect(sessions.size()).toBe(1000)
  expect([...codes]).toEqual([
    ['ok', 1000],
    ['rate_limited', 99_000],
  ])
  return Object.keys(refused).join(' and ')
}

function open(sessions: McpSessions, turn: number): unknown {
  try {
    sessions.open(`session ${turn}`, { agent: `did:key:z${turn % 1000}`, delegation: 'd' }, NOW)
    return 'ok'
  } catch (error) {
    return error instanceof VerifierError ? error.code : error
  }
}

/**
 * A server is killed right after its tool had an effect: the record was there before. `npm run faults -- --only
 * tool-kill` does it more often.
 */
async function killAfterTool(): Promise<void> {
  const { effects, unrecorded, intents } = await killAfterEffects(2)
  expect([effects, unrecorded]).toEqual([3, []])
  expect(intents).toBeGreaterThanOrEqual(effects)
}
