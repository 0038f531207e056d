import { afterEach, describe, expect, test } from 'vitest'
import {
  callAlone,
  connectBare,
  type Front,
  messagesOf,
  openFront,
  outcomeOf,
  serverOf,
} from './support/fronts.ts'
import { call, callTool, codeOfAnswer, initialize, post } from './support/messages.ts'
import { GENERATIONS, type Generation } from './support/servers.ts'

const open: Front[] = []
afterEach(async () => {
  for (const front of open.splice(0)) await front.stdio.close()
})
async function front(...args: Parameters<typeof openFront>): Promise<Front> {
  const opened = await openFront(...args)
  open.push(opened)
  return opened
}

/** How an agent calls a tool: on its own, or in a session that it opens first. */
async function caller(generation: Generation, opened: Front, byte: number) {
  const { wallet, index } = await opened.agent(byte)
  if (generation === '2.x') {
    const toolCall = (name: string, options: Parameters<typeof callAlone>[1] = {}): Promise<Response> =>
      post(wallet, callAlone(name, options))
    return { wallet, index, toolCall, session: '' }
  }
  const answer = await post(wallet, initialize())
  const session = answer.headers.get('mcp-session-id') ?? ''
  expect(await messagesOf(answer)).toMatchObject([{ result: { serverInfo: { name: 'issues' } } }])
  const headers = { 'mcp-session-id': session }
  const toolCall = (name: string, options: Parameters<typeof callAlone>[1] = {}): Promise<Response> => {
    const { id = 7, values = {}, meta } = options
    const params = { name, arguments: values, ...(meta && { _meta: meta }) }
    return post(wallet, JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }), { headers })
  }
  return { wallet, index, toolCall, session }
}

const textOf = (message: Record<string, unknown> | undefined): string =>
  (message as { result: { content: [{ text: string }] } }).result.content[0].text

describe.each(GENERATIONS)('a program on the SDK %s that knows nothing of delegations', (generation) => {
  test.each(GENERATIONS)('is used by a client on the SDK %s', async (client) => {
    const opened = await front(serverOf(generation))
    const { wallet } = await opened.agent(10)
    const connected = await connectBare(client, wallet)
    const { tools } = await connected.listTools()
    expect(tools.map(({ name }) => name)).toContain('search_issues')
    const found = await connected.callTool({ name: 'search_issues', arguments: { project: 'ACME' } })
    expect(found).toMatchObject({ content: [{ text: 'issues of ACME' }] })
    await connected.close()
  })

  test('is told who calls, and nothing that the caller says of that', async () => {
    const opened = await front(serverOf(generation))
    const { wallet, toolCall } = await caller(generation, opened, 10)
    const claims = { 'behalf/caller': { agent: 'did:key:other' }, 'Behalf/admin': true, 'example.org/own': 1 }
    const [answer] = await messagesOf(await toolCall('meta', { meta: claims }))
    const meta = JSON.parse(textOf(answer)) as Record<string, unknown>
    expect(meta).toMatchObject({
      'example.org/own': 1,
      'behalf/caller': {
        agent: wallet.did,
        principal: { id: 'person-7', issuer: expect.stringMatching(/^did:key:/u) },
        delegation: wallet.delegations()[0]?.id,
        request_id: opened.world.records.at(-1)?.requestId,
      },
    })
    expect(meta).not.toHaveProperty(['Behalf/admin'])
  })

  test('has the environment it was given, and nothing of a request', async () => {
    const opened = await front(serverOf(generation))
    const { toolCall } = await caller(generation, opened, 10)
    const [answer] = await messagesOf(await toolCall('environment'))
    expect(textOf(answer)).toBe('GIVEN')
  })

  test('answers two agents who use the same ids, each their own', async () => {
    const opened = await front(serverOf(generation))
    const [a, b] = [await caller(generation, opened, 10), await caller(generation, opened, 11)]
    const answers = await Promise.all([
      a.toolCall('search_issues', { id: 1, values: { project: 'slow' } }),
      b.toolCall('search_issues', { id: 1, values: { project: 'ACME' } }),
      a.toolCall('search_issues', { id: 2, values: { project: 'BETA' } }),
      b.toolCall('search_issues', { id: 2, values: { project: 'slow' } }),
    ])
    const messages = await Promise.all(answers.map(messagesOf))
    expect(messages.map((all) => all.map((message) => [message['id'], textOf(message)]))).toEqual([
      [[1, 'issues of slow']],
      [[1, 'issues of ACME']],
      [[2, 'issues of BETA']],
      [[2, 'issues of slow']],
    ])
  })

  test('is not asked for a tool that no delegation names', async () => {
    const opened = await front(serverOf(generation))
    const { toolCall } = await caller(generation, opened, 10)
    expect(await codeOfAnswer(toolCall('forbidden'))).toBe('scope_exceeded')
  })

  test('is told to end when the chain of a call dies', async () => {
    const opened = await front(serverOf(generation))
    const { index, toolCall } = await caller(generation, opened, 10)
    const outcome = outcomeOf(toolCall('wait'))
    await opened.noted(/the tool waits/u)
    await opened.world.revoke(index)
    expect(await outcome).toBe('credential_revoked')
    // The process of a session ends with it.
    await opened.noted(generation === '2.x' ? /the tool was told to end/u : /the server ended/u)
  })

  test('that ends is a coded refusal for whoever waits', async () => {
    const opened = await front(serverOf(generation))
    const { toolCall } = await caller(generation, opened, 10)
    const waiting = codeOfAnswer(toolCall('wait', { id: 1 }))
    await opened.noted(/the tool waits/u)
    expect(await codeOfAnswer(toolCall('crash', { id: 2 }))).toBe('mcp_server_unavailable')
    expect(await waiting).toBe('mcp_server_unavailable')
    expect(await opened.noted(/the server ended/u)).toBe('the server ended: exit 7')
  })

  test('that ends after an answer began ends it with the code', async () => {
    const opened = await front(serverOf(generation))
    const { toolCall } = await caller(generation, opened, 10)
    const answer = await toolCall('crash_late', { id: 'mine', meta: { progressToken: 'own' } })
    expect(answer.headers.get('content-type')).toBe('text/event-stream')
    expect(await messagesOf(answer)).toMatchObject([
      { method: 'notifications/progress', params: { progressToken: 'own', progress: 1 } },
      { id: 'mine', error: { data: { code: 'mcp_server_unavailable' } } },
    ])
  })

  test('tells of progress under the token of the caller', async () => {
    const opened = await front(serverOf(generation))
    const { toolCall } = await caller(generation, opened, 10)
    const messages = await messagesOf(await toolCall('report', { id: 5, meta: { progressToken: 'own' } }))
    const said = messages.filter(({ method }) => method !== 'notifications/message')
    expect(said).toMatchObject([
      { method: 'notifications/progress', params: { progressToken: 'own' } },
      { id: 5, result: { content: [{ text: 'reported' }] } },
    ])
    // What a session says besides is for its only caller.
    expect(messages.length).toBe(generation === '2.x' ? 2 : 3)
  })

  test('that writes a message beyond the limit is ended', async () => {
    const opened = await front(serverOf(generation), { maxMessageBytes: 200_000 })
    const { toolCall } = await caller(generation, opened, 10)
    expect(await codeOfAnswer(toolCall('flood'))).toBe('mcp_server_unavailable')
    expect(await opened.noted(/the server ended/u)).toContain('beyond the limit')
  })

  test('answers with as much as is within it', async () => {
    const opened = await front(serverOf(generation))
    const { toolCall } = await caller(generation, opened, 10)
    const [answer] = await messagesOf(await toolCall('flood'))
    expect(textOf(answer).length).toBe(300_000)
  })
})

test('a call in flight of one agent goes on when another is revoked', async () => {
  const opened = await front(serverOf('2.x'))
  const [a, b] = [await caller('2.x', opened, 10), await caller('2.x', opened, 11)]
  const outcome = outcomeOf(a.toolCall('wait'))
  await opened.noted(/the tool waits/u)
  await opened.world.revoke(b.index)
  expect(await codeOfAnswer(b.toolCall('meta'))).toBe('credential_revoked')
  expect(await codeOfAnswer(a.toolCall('meta'))).toBe('ok')
  await opened.world.revoke(a.index)
  expect(await outcome).toBe('credential_revoked')
})

test('the program of a session asks its caller, and has the answer', async () => {
  const opened = await front(serverOf('1.x'))
  const { toolCall, wallet, session } = await caller('1.x', opened, 10)
  const answer = await toolCall('ask', { id: 1 })
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  const { value = '' } = (await reader?.read()) ?? {}
  const question = JSON.parse(/^data: (.+)$/mu.exec(value)?.[1] ?? '') as { id: number; method: string }
  expect(question.method).toBe('sampling/createMessage')
  const headers = { 'mcp-session-id': session }
  const reply = (id: number): string =>
    JSON.stringify({
      jsonrpc: '2.0',
      id,
      result: { role: 'assistant', model: 'm', content: { type: 'text', text: 'thought' } },
    })
  // Nobody asked that.
  expect((await post(wallet, reply(4711), { headers })).status).toBe(202)
  expect((await post(wallet, reply(question.id), { headers })).status).toBe(202)
  const { value: last = '' } = (await reader?.read()) ?? {}
  expect(last).toContain('thought')
})

test('a client of the SDK 1.x is asked by the program', async () => {
  const opened = await front(serverOf('1.x'))
  const { wallet } = await opened.agent(10)
  const client = await connectBare('1.x', wallet)
  const { CreateMessageRequestSchema } = await import('@modelcontextprotocol/sdk/types.js')
  if (!('setRequestHandler' in client)) throw new TypeError('no such client')
  ;(client as import('@modelcontextprotocol/sdk/client/index.js').Client).setRequestHandler(
    CreateMessageRequestSchema,
    () => ({ role: 'assistant' as const, model: 'm', content: { type: 'text' as const, text: 'thought' } }),
  )
  expect(await client.callTool({ name: 'ask' })).toMatchObject({
    content: [{ text: expect.stringContaining('thought') }],
  })
  await client.close()
})

describe('a session', () => {
  test('ends with its process, which its caller may end', async () => {
    const opened = await front(serverOf('1.x'))
    const { wallet, session } = await caller('1.x', opened, 10)
    const headers = { 'mcp-session-id': session }
    expect((await post(wallet, null, { method: 'DELETE', headers })).status).toBe(200)
    await opened.noted(/the server ended: it was told to/u)
    expect(await codeOfAnswer(post(wallet, call('ping'), { headers }))).toBe('not_found')
  })

  test('whose process ended is gone, and makes room', async () => {
    const opened = await front(serverOf('1.x'), { maxSessions: 1 })
    const { wallet, session, toolCall } = await caller('1.x', opened, 10)
    expect(await codeOfAnswer(toolCall('crash'))).toBe('mcp_server_unavailable')
    const headers = { 'mcp-session-id': session }
    expect(await codeOfAnswer(post(wallet, call('ping'), { headers }))).toBe('not_found')
    expect(await codeOfAnswer(post(wallet, initialize()))).toBe('ok')
  })

  test('is of no use to another agent', async () => {
    const opened = await front(serverOf('1.x'))
    const { session } = await caller('1.x', opened, 10)
    const { wallet } = await opened.agent(11)
    const headers = { 'mcp-session-id': session }
    expect(await codeOfAnswer(post(wallet, callTool('meta'), { headers }))).toBe('mcp_session_mismatch')
  })
})
