import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { JsonObject } from '@behalf/core'
import type { McpCapability } from '@behalf/credential'
import { createMemoryWallet } from '@behalf/wallet'
import { describe, expect, test } from 'vitest'
import { readLines } from '../src/read-lines.ts'
import { createStdioEndpoint, type StdioTransport } from '../src/stdio.ts'
import { AUDIENCE, codeOfMessage, proveLine, readMessages } from './support/stdio.ts'
import { makeSurroundings } from './support/world.ts'

const mcp: McpCapability = { type: 'mcp', locations: [AUDIENCE], actions: ['tools/call', 'tools/list'] }

/** An endpoint with nothing behind it, and an agent in front. */
async function setUp() {
  const { options, grant, clock, revoke } = await makeSurroundings()
  const [toServer, fromServer] = [new PassThrough(), new PassThrough()]
  const { transport } = createStdioEndpoint({
    audience: AUDIENCE,
    ...options,
    input: toServer,
    output: fromServer,
  })
  const wallet = createMemoryWallet({ seed: new Uint8Array(32).fill(10), clock })
  const index = await grant(wallet, [mcp])
  return { transport, toServer, wallet, revoke: () => revoke(index), next: readMessages({ fromServer }) }
}

/** The next message that a transport hands on. */
function nextOf(transport: StdioTransport): Promise<JsonObject> {
  const { promise, resolve } = Promise.withResolvers<JsonObject>()
  transport.onmessage = (message) => resolve(message as JsonObject)
  return promise
}

describe('a server behind an endpoint is given', () => {
  test('the message, who calls, and nothing that the caller said of itself', async () => {
    const { transport, toServer, wallet } = await setUp()
    await transport.start()
    const [held] = wallet.delegations()
    const caller = {
      agent: wallet.did,
      principal: { issuer: held?.leaf.issuer, id: 'person-7' },
      delegation: held?.id,
      request_id: expect.any(String),
    }
    const said = {
      'behalf/caller': 'somebody',
      'behalf/request-id': 'x',
      'Behalf/Other': 'y',
      progressToken: 7,
    }
    const how = { audience: AUDIENCE, delegation: held?.id ?? '' }
    const send = async (message: JsonObject, place: (meta: object) => object): Promise<JsonObject> => {
      const proof = await wallet.proveMessage({ ...message, ...place(said) } as JsonObject, how)
      const line = { jsonrpc: '2.0', ...message, ...place({ ...said, 'behalf/proof': proof }) }
      const given = nextOf(transport)
      toServer.write(`${JSON.stringify(line)}\n`)
      return await given
    }
    const inParams = (_meta: object): object => ({ params: { _meta } })
    expect(await send({ id: 1, method: 'tools/list' }, inParams)).toEqual({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/list',
      params: { _meta: { progressToken: 7, 'behalf/caller': caller } },
    })
    expect(await send({ method: 'notifications/progress' }, inParams)).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { _meta: { progressToken: 7, 'behalf/caller': caller } },
    })
    expect(await send({ id: 7 }, (_meta) => ({ result: { _meta } }))).toEqual({
      jsonrpc: '2.0',
      id: 7,
      result: { _meta: { progressToken: 7 } },
    })
    await transport.close()
  })

  test('a program that knows nothing of it is used over stdio on both sides', async () => {
    const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio')
    const { transport, toServer, wallet, next } = await setUp()
    const file = fileURLToPath(new URL('support/stdio-server.ts', import.meta.url))
    const program = new StdioClientTransport({ command: process.execPath, args: [file], stderr: 'ignore' })
    transport.onmessage = (message) => void program.send(message as never)
    program.onmessage = (message) => void transport.send(message)
    await program.start()
    await transport.start()
    const initialize = {
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
    }
    toServer.write(await proveLine(wallet, initialize))
    expect(await next()).toMatchObject({ id: 1, result: { serverInfo: expect.anything() } })
    toServer.write(await proveLine(wallet, { id: 2, method: 'tools/call', params: { name: 'none' } }))
    expect(codeOfMessage(await next())).toBe('scope_exceeded')
    await Promise.all([transport.close(), program.close()])
  })

  test('a signal, which is watched as long as the call is under way', async () => {
    const { transport, toServer, wallet, revoke, next } = await setUp()
    await transport.start()
    const signals: AbortSignal[] = []
    for (const id of [1, 2]) {
      const given = Promise.withResolvers<void>()
      transport.onmessage = (_message, extra) => {
        const { authInfo } = extra as { authInfo: { extra: { behalf: { signal: AbortSignal } } } }
        signals.push(authInfo.extra.behalf.signal)
        given.resolve()
      }
      toServer.write(await proveLine(wallet, { id }))
      await given.promise
    }
    await transport.send({ jsonrpc: '2.0', id: 1, result: {} })
    await next()
    transport.onmessage = () => undefined
    await revoke()
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true])
    await transport.close()
  })

  test('the error of its own as it is, where that has data of its own', async () => {
    const { transport, toServer, wallet, next } = await setUp()
    await transport.start()
    const errors = [
      { code: 1, message: 'a' },
      { code: 2, message: 'b', data: { x: 1 } },
      { code: 3, message: 'c', data: 'd' },
    ]
    const told: unknown[] = []
    for (const [index, error] of errors.entries()) {
      const given = nextOf(transport)
      toServer.write(await proveLine(wallet, { id: index }))
      await given
      await transport.send({ jsonrpc: '2.0', id: index, error })
      told.push((await next())['error'])
    }
    const meta = { _meta: { 'behalf/request-id': expect.any(String) } }
    expect(told).toEqual([
      { code: 1, message: 'a', data: meta },
      { code: 2, message: 'b', data: { x: 1, ...meta } },
      { code: 3, message: 'c', data: 'd' },
    ])
    await transport.close()
  })
})

describe('lines', () => {
  test('are read one after the other, and a stream that is faster waits', async () => {
    const input = new PassThrough()
    const told: string[] = []
    const gates: (() => void)[] = []
    const arrived = Promise.withResolvers<void>()
    readLines(input, {
      maxBytes: 10,
      onLine: async (line) => {
        told.push(Buffer.from(line).toString('utf8'))
        arrived.resolve()
        await new Promise<void>((resolve) => gates.push(resolve))
      },
      onEnd: () => told.push('end'),
    })
    const paused = once(input, 'pause')
    input.write(`${Array.from({ length: 100 }, (_, index) => `line ${index}`).join('\n')}\n`)
    await Promise.all([paused, arrived.promise])
    expect(told).toEqual(['line 0'])
    input.end('unfinished')
    const ended = once(input, 'end')
    while (told.at(-1) !== 'end') {
      gates.shift()?.()
      await Promise.resolve()
      if (gates.length === 0)
        await Promise.race([ended, new Promise<void>((resolve) => void setImmediate(resolve))])
    }
    expect(told).toHaveLength(101)
    expect(told.slice(-2)).toEqual(['line 99', 'end'])
  })

  test('that are too long are told in part, and no more of them is kept', async () => {
    const input = new PassThrough()
    const told: number[] = []
    const end = Promise.withResolvers<void>()
    readLines(input, {
      maxBytes: 10,
      onLine: async (line) => void told.push(line.length),
      onEnd: () => end.resolve(),
    })
    for (let piece = 0; piece < 20; piece += 1) input.write('x'.repeat(7))
    input.end('\nshort\r\n')
    await end.promise
    expect(told).toEqual([11, 5])
  })

  test('are not read any more once that is stopped', async () => {
    const input = new PassThrough()
    const told: string[] = []
    const stopped = Promise.withResolvers<void>()
    const stop = readLines(input, {
      maxBytes: 10,
      onLine: async (line) => {
        told.push(Buffer.from(line).toString('utf8'))
        stop()
        stopped.resolve()
      },
      onEnd: () => told.push('end'),
    })
    input.end('one\ntwo\n')
    await stopped.promise
    // What would be told of the second line is told by then.
    await new Promise((resolve) => void setImmediate(resolve))
    expect([told, input.listenerCount('data'), input.readableFlowing]).toEqual([['one'], 0, false])
  })
})
