import type { McpCapability } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import { digestToolDefinition, McpError } from '../src/index.ts'
import { connect, type TestClient } from './support/clients.ts'
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

/** The last thing that the answer of a call says. */
async function lastOf(answer: Promise<Response>): Promise<unknown> {
  const events = (await (await answer).text()).trim().split('\n\n')
  return JSON.parse(events.at(-1)?.replace(/^event: message\ndata: /u, '') ?? '')
}

describe.each(GENERATIONS)('a call in flight on the SDK %s', (generation) => {
  test('ends when its chain is revoked, and its tool with it', async () => {
    const { served, world, wallet, index, headers } = await setUp(generation)
    const body = callTool('wait')
    const answer = post(wallet, body, { headers })
    const signal = await served.waiting
    expect(signal.aborted).toBe(false)
    await world.revoke(index)
    expect(await lastOf(answer)).toEqual({
      jsonrpc: '2.0',
      id: (JSON.parse(body) as { id: number }).id,
      error: {
        code: -32000,
        message: 'the call was ended (credential_revoked)',
        data: { code: 'credential_revoked', request_id: (await answer).headers.get('request-id') },
      },
    })
    await aborted(signal)
    expect(await codeOfAnswer(post(wallet, call('ping'), { headers }))).toBe('credential_revoked')
  })

  test('goes on when another one is revoked', async () => {
    const { served, world, wallet, index, headers } = await setUp(generation)
    const outcome = lastOf(post(wallet, callTool('wait'), { headers }))
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
  const outcome = lastOf(post(wallet, callTool('wait'), { headers }))
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

describe.each(GENERATIONS)('whoever waits for a call to a server of %s', (server) => {
  test.each(GENERATIONS)('with a client of %s is told at once that it was ended', async (generation) => {
    const served = serve(server)
    const world = await makeWorld({ handler: served.handler })
    const wallet = world.wallet(10)
    await world.grant(wallet, [mcp])
    const client = await connect(generation, wallet)
    const index = await world.grant(wallet, [{ ...mcp, tools: { wait: await pinOf(client, 'wait') } }])
    const call = client.callTool({ name: 'wait' }).catch((error: unknown) => error)
    await served.waiting
    await world.revoke(index)
    const refusal = await call
    expect(refusal).toBeInstanceOf(McpError)
    const ended = world.records.find(({ call: made }) => made?.tool === 'wait')
    expect(refusal).toMatchObject({ code: 'credential_revoked', requestId: ended?.requestId })
    await client.close()
  })
})

async function pinOf(client: TestClient, name: string): Promise<string> {
  const { tools } = await client.listTools()
  const definitions = JSON.parse(JSON.stringify(tools)) as readonly { readonly name: string }[]
  return digestToolDefinition({ name, ...definitions.find((tool) => tool.name === name) })
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}
