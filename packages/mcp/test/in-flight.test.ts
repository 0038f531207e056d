import type { McpCapability } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import { call, callTool, codeOfAnswer, initialize, post } from './support/messages.ts'
import { GENERATIONS, type Generation, serve } from './support/servers.ts'
import { MCP_URL, makeWorld } from './support/world.ts'

const PIN = `sha-256:${'A'.repeat(43)}`
const mcp: McpCapability = {
  type: 'mcp',
  locations: [MCP_URL],
  actions: ['tools/call'],
  tools: { wait: PIN },
}

async function setUp(generation: Generation) {
  const served = serve(generation)
  const world = await makeWorld({ handler: served.handler })
  const wallet = world.wallet(10)
  const index = await world.grant(wallet, [mcp])
  const headers: Record<string, string> = {}
  if (generation === '1.x') {
    const answer = await post(wallet, initialize())
    await answer.text()
    headers['mcp-session-id'] = answer.headers.get('mcp-session-id') ?? ''
  }
  return { served, world, wallet, index, headers }
}

/** What became of an answer: the code of a refusal, or that it was cut off. */
async function outcomeOf(answer: Promise<Response>): Promise<string> {
  return await codeOfAnswer(answer).catch((error: unknown) =>
    error instanceof Error && 'code' in error ? `cut off: ${String(error.code)}` : 'cut off',
  )
}

describe.each(GENERATIONS)('a call in flight on the SDK %s', (generation) => {
  test('ends when its chain is revoked, and its tool with it', async () => {
    const { served, world, wallet, index, headers } = await setUp(generation)
    const outcome = outcomeOf(post(wallet, callTool('wait'), { headers }))
    const signal = await served.waiting
    expect(signal.aborted).toBe(false)
    await world.revoke(index)
    expect(await outcome).toMatch(/credential_revoked/u)
    await aborted(signal)
    expect(await codeOfAnswer(post(wallet, call('ping'), { headers }))).toBe('credential_revoked')
  })

  test('goes on when another one is revoked', async () => {
    const { served, world, wallet, index, headers } = await setUp(generation)
    const outcome = outcomeOf(post(wallet, callTool('wait'), { headers }))
    const signal = await served.waiting
    await world.revoke(index + 1)
    expect(await codeOfAnswer(post(wallet, call('ping'), { headers }))).toBe('ok')
    expect(signal.aborted).toBe(false)
    await world.revoke(index)
    await outcome
  })
})

test('a session whose chain died in a call is ended', async () => {
  const { served, world, wallet, index, headers } = await setUp('1.x')
  const outcome = outcomeOf(post(wallet, callTool('wait'), { headers }))
  await served.waiting
  await world.revoke(index)
  await outcome
  await world.revoke()
  expect(await codeOfAnswer(post(wallet, call('ping'), { headers }))).toBe('not_found')
})

test('a stream that waits for news ends with the chain', async () => {
  const { world, wallet, index, headers } = await setUp('1.x')
  const stream = await post(wallet, null, {
    method: 'GET',
    headers: { ...headers, accept: 'text/event-stream' },
  })
  expect(stream.status).toBe(200)
  const read = stream.text().catch((error: unknown) => error)
  await world.revoke(index)
  expect(await read).toMatchObject({ code: 'credential_revoked' })
})

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}
