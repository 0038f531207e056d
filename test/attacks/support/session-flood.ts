import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { McpCapability } from '@behalf/credential'
import type { Wallet } from '@behalf/wallet'
import { codeOfAnswer, initialize, post } from '../../../packages/mcp/test/support/messages.ts'
import { serve } from '../../../packages/mcp/test/support/servers.ts'
import { MCP_URL, makeWorld } from '../../../packages/mcp/test/support/world.ts'

/** What became of an endpoint on which sessions are opened and never ended. */
export interface SessionFlood {
  /** How many were opened before none was any more. */
  readonly opened: number
  /** How often each other code was answered. */
  readonly refused: Readonly<Record<string, number>>
  /** Requests that the server behind was shown, all in all. */
  readonly shown: number
  /** Bytes that the process holds when all places are taken, and after everything that was refused then. */
  readonly held: { readonly full: number; readonly after: number }
  /** Bytes that are resident, at the same times. */
  readonly resident: { readonly full: number; readonly after: number }
  /** Sessions that the server was told to end once nobody had used them for the time that is allowed. */
  readonly ended: number
  /** What an agent is answered then. */
  readonly codeAfterIdle: string
}

const IDLE_SECONDS = 300
/** Of one agent at once, unless an endpoint says otherwise. */
const PER_AGENT = 16
const READING: McpCapability = {
  type: 'mcp',
  locations: [MCP_URL],
  actions: ['tools/list'],
  tools: { search_issues: `sha-256:${'A'.repeat(43)}` },
}

/**
 * More agents than an endpoint has room for open sessions, in turn, and end none.
 *
 * @param size.attempts - in all
 * @param size.room - sessions that the endpoint has at once
 */
export async function floodSessions({
  attempts,
  room,
}: {
  readonly attempts: number
  readonly room: number
}): Promise<SessionFlood> {
  const served = serve('1.x')
  const agents = Math.ceil(room / PER_AGENT) + 1
  const world = await makeWorld({
    handler: served.handler,
    sessionIdleSeconds: IDLE_SECONDS,
    maxSessions: room,
  })
  const wallets: Wallet[] = []
  for (let byte = 10; byte < 10 + agents; byte += 1) {
    const wallet = world.wallet(byte)
    await world.grant(wallet, [READING])
    wallets.push(wallet)
  }
  const tally = { opened: 0, refused: new Map<string, number>() }
  const open = async (turn: number): Promise<void> => {
    const wallet = wallets[turn % agents]
    const code = wallet === undefined ? '' : await codeOfAnswer(post(wallet, initialize()))
    if (code === 'ok') tally.opened += 1
    else tally.refused.set(code, (tally.refused.get(code) ?? 0) + 1)
  }
  let turn = 0
  while (turn < agents * PER_AGENT) await open(turn++)
  const full = measure()
  while (turn < attempts) await open(turn++)
  const after = measure()
  const shown = served.shown.length
  world.now += IDLE_SECONDS * 1000
  const [first] = wallets
  const codeAfterIdle = first === undefined ? '' : await codeOfAnswer(post(first, initialize()))
  const ended = served.shown.filter(({ method }) => method === 'DELETE').length
  return {
    opened: tally.opened,
    refused: Object.fromEntries(tally.refused),
    shown,
    held: { full: full.held, after: after.held },
    resident: { full: full.resident, after: after.resident },
    ended,
    codeAfterIdle,
  }
}

function measure(): { readonly held: number; readonly resident: number } {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') for (let round = 0; round < 4; round += 1) collect()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { held: heapUsed + external, resident: rss }
}
