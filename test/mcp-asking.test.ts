import { createMcpTransport } from '@behalf/mcp'
import { createMcpClient } from '@behalf/mcp/client'
import { createMemoryWallet, type DelegationRequest } from '@behalf/wallet'
import type { Client } from '@modelcontextprotocol/client'
import { Client as SessionClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { McpServed } from './support/mcp-endpoint.ts'
import { openProtectedTools, pinsOfTools, TOOL } from './support/tool-server.ts'
import { openWorld, type World, waitFor } from './support/world.ts'

const FOUND = { content: [{ text: 'issues of ACME' }] }
const CALL = { name: TOOL, arguments: { project: 'ACME' } }

describe.each(['2.x', '1.x'] as const)('a right that a client of %s lacks', (generation) => {
  let world: World
  let server: McpServed
  const ends: (() => unknown)[] = []

  beforeAll(async () => {
    world = await openWorld()
    server = await openProtectedTools(world)
  }, 60_000)
  afterAll(async () => {
    for (const end of ends) await end()
    await server.end()
    await world.end()
  })

  const operator = () => world.operator.authority(world.authority)
  const nextQuestion = (): Promise<DelegationRequest> =>
    waitFor(async () => (await operator().listRequests({ status: 'pending' }))[0])
  const approve = ({ id, version }: DelegationRequest) => operator().approve(id, { version })

  /** A client that holds nothing but the right to look, which somebody approves. */
  async function connect(): Promise<Pick<Client, 'callTool'>> {
    const wallet = createMemoryWallet()
    const options = {
      ask: { authority: world.authority, onBehalfOf: { id: 'alice' }, purpose: `Triage for ${wallet.did}` },
    }
    if (generation === '2.x') {
      const connecting = createMcpClient(wallet, server.url, options)
      await approve(await nextQuestion())
      const client = await connecting
      ends.push(() => client.close())
      return client
    }
    const client = new SessionClient({ name: 'test', version: '1.0.0' })
    const transport = createMcpTransport(
      wallet,
      server.url,
      ({ endpoint, fetch }) => new StreamableHTTPClientTransport(endpoint, { fetch }),
      options,
    )
    // Its declaration of sessionId does not allow for exact optional properties.
    const connecting = client.connect(transport as Parameters<typeof client.connect>[0])
    await approve(await nextQuestion())
    await connecting
    ends.push(() => client.close())
    return client as unknown as Pick<Client, 'callTool'>
  }

  test('is asked for, and the call made once a person approved it', async () => {
    const client = await connect()
    const calling = client.callTool(CALL)
    const question = await nextQuestion()
    expect(question.capabilities).toEqual([
      { type: 'mcp', locations: [server.url], actions: ['tools/list', 'resources/list', 'prompts/list'] },
      { type: 'mcp', locations: [server.url], actions: ['tools/call'], tools: await pinsOfTools() },
    ])
    await approve(question)
    expect(await calling).toMatchObject(FOUND)
    // Nobody is asked again.
    expect(await client.callTool(CALL)).toMatchObject(FOUND)
    expect(await operator().listRequests({ status: 'pending' })).toEqual([])
  }, 30_000)

  test('is not there when a person denied it, and the call fails with that', async () => {
    const client = await connect()
    const calling = client.callTool(CALL).catch((error: unknown) => error)
    const { id, version } = await nextQuestion()
    await operator().deny(id, { version, reason: 'Not this one' })
    expect(await calling).toMatchObject({ name: 'WalletError', code: 'access_denied' })
    // Whoever calls again asks again.
    const again = client.callTool(CALL)
    await approve(await nextQuestion())
    expect(await again).toMatchObject(FOUND)
  }, 30_000)
})
