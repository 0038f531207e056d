import { PassThrough } from 'node:stream'
import type { JsonObject } from '@behalf/core'
import type { McpCapability } from '@behalf/credential'
import { createMemoryWallet } from '@behalf/wallet'
import { describe, expect, test } from 'vitest'
import { createMcpCaller } from '../src/mcp-caller.ts'
import { proveMessages } from '../src/prove-messages.ts'
import { createStdioWire } from '../src/stdio-wire.ts'
import { AUDIENCE } from './support/stdio.ts'
import { codeOf, makeSurroundings } from './support/world.ts'

const mcp = (action: string): McpCapability => ({ type: 'mcp', locations: [AUDIENCE], actions: [action] })
const READ = 'resources/read'
const PROMPT = 'prompts/get'

/** A transport whose other end is the test. */
async function setUp() {
  const { grant, clock } = await makeSurroundings()
  const wallet = createMemoryWallet({ seed: new Uint8Array(32).fill(10), clock })
  await grant(wallet, [mcp(READ)])
  const sent: JsonObject[] = []
  const inner = {
    send: async (message: JsonObject): Promise<void> => void sent.push(message),
    onmessage: undefined as ((message: object) => void) | undefined,
    onclose: undefined as (() => void) | undefined,
  }
  const caller = createMcpCaller(wallet, new URL(AUDIENCE), { clock })
  const digests = (): ReadonlyMap<string, string> => new Map()
  const transport = proveMessages(inner, { caller, digests, maxMessageBytes: 65_536 })
  const heard: object[] = []
  transport.onmessage = (message) => heard.push(message)
  transport.onclose = () => heard.push({ closed: true })
  const send = (message: JsonObject): Promise<void> => transport.send({ jsonrpc: '2.0', ...message })
  /** Has the other end answer, once it was asked. */
  const answer = async (place: number, answered: JsonObject): Promise<void> => {
    while (sent.length <= place) await new Promise((resolve) => void setImmediate(resolve))
    inner.onmessage?.({ jsonrpc: '2.0', id: sent[place]?.['id'], ...answered })
  }
  return { send, answer, sent, heard, inner, grant: (action: string) => grant(wallet, [mcp(action)]) }
}

/** A session that was opened for what may be read, and that has to be opened again for a prompt. */
async function openSession() {
  const world = await setUp()
  const opening = world.send({ id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25' } })
  await world.answer(0, { result: {} })
  await opening
  await world.grant(PROMPT)
  return world
}

describe('a session that is opened again', () => {
  test('is opened as before, and begun, before anything else is sent', async () => {
    const { send, answer, sent, heard } = await openSession()
    const asked = send({ id: 2, method: PROMPT, params: { name: 'triage' } })
    await answer(1, { result: {} })
    await answer(3, { result: { messages: [] } })
    await asked
    expect(sent.map(({ id, method }) => [id, method])).toEqual([
      [1, 'initialize'],
      ['behalf-open-1', 'initialize'],
      [undefined, 'notifications/initialized'],
      [2, PROMPT],
    ])
    expect(sent[1]?.['params']).toMatchObject({ protocolVersion: '2025-11-25' })
    // Nobody else is told of it.
    expect(heard).toMatchObject([{ id: 1 }, { id: 2 }])
  })

  test('is none where the server opens none', async () => {
    const { send, answer, sent } = await openSession()
    const outcome = codeOf(send({ id: 2, method: PROMPT, params: { name: 'triage' } }))
    await answer(1, { error: { code: -32_602, message: 'no' } })
    expect(await outcome).toBe('mcp_session_mismatch')
    expect(sent).toHaveLength(2)
  })
})

describe('a call', () => {
  const read = { id: 2, method: READ, params: { uri: 'a:b' } }

  test('that was cancelled is not waited for', async () => {
    const { send, sent } = await setUp()
    const asked = send(read)
    await send({ method: 'notifications/cancelled', params: { requestId: 2 } })
    await asked
    expect(sent.map(({ method }) => method)).toEqual([READ, 'notifications/cancelled'])
  })

  test('that is not answered fails when the connection closes', async () => {
    const { send, sent, inner, heard } = await setUp()
    const outcome = send(read).catch((error: unknown) => String(error))
    while (sent.length === 0) await new Promise((resolve) => void setImmediate(resolve))
    inner.onclose?.()
    expect(await outcome).toContain('closed')
    expect(heard).toEqual([{ closed: true }])
  })

  test('whose error is the server’s own is answered with that', async () => {
    const { send, answer, heard } = await setUp()
    const asked = send(read)
    const error = { code: -32_000, message: 'no', data: { code: 'scope_exceeded' } }
    await answer(0, { error })
    await asked
    expect(heard).toMatchObject([{ id: 2, error }])
  })
})

test('nothing is written to a wire that was closed', async () => {
  const output = new PassThrough()
  const wire = createStdioWire({
    input: new PassThrough(),
    output,
    maxBytes: 10,
    onLine: async () => undefined,
    onSend: async () => undefined,
    onClose: () => undefined,
  })
  await wire.transport.start()
  await wire.write({ id: 1 })
  await wire.transport.close()
  await wire.write({ id: 2 })
  output.end()
  expect(Buffer.concat(await output.toArray()).toString('utf8')).toBe('{"jsonrpc":"2.0","id":1}\n')
})
