import type { JsonObject } from '@behalf/core'
import type { McpCapability } from '@behalf/credential'
import type { AuditRecord, VerifiedRequest } from '@behalf/verifier'
import type { Wallet } from '@behalf/wallet'
import { describe, expect, test } from 'vitest'
import { findCaller } from '../src/live-callers.ts'
import { createStdioSession } from '../src/stdio-session.ts'
import { GENERATIONS, type Generation } from './support/servers.ts'
import { AUDIENCE, codeOfMessage, makeStdioWorld, proveLine, readMessages } from './support/stdio.ts'

const PIN = `sha-256:${'A'.repeat(43)}`
const mcp: McpCapability = {
  type: 'mcp',
  locations: [AUDIENCE],
  actions: ['tools/call'],
  tools: { search_issues: PIN, wait: PIN },
}
const INITIALIZE = {
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1.0.0' },
  },
}
const WAIT = { method: 'tools/call', params: { name: 'wait' } }
const LIST = { method: 'tools/list' }

async function setUp(generation: Generation = '1.x') {
  const world = await makeStdioWorld(generation)
  const [a, b] = [world.wallet(10), world.wallet(11)]
  const index = await world.grant(a, [mcp])
  const other = await world.grant(b, [mcp])
  const next = readMessages(world)
  let ids = 0
  const send = async (wallet: Wallet, message: object, options = {}): Promise<number> => {
    ids += 1
    world.toServer.write(await proveLine(wallet, { id: ids, ...message }, options))
    return ids
  }
  const code = async (wallet: Wallet, message: object, options = {}): Promise<string> => {
    await send(wallet, message, options)
    return codeOfMessage(await next())
  }
  return { world, a, b, index, other, next, send, code }
}

describe('a session', () => {
  test('is of the key and the delegation that opened it', async () => {
    const { a, b, code } = await setUp()
    expect(await code(b, LIST)).toBe('ok')
    expect(await code(a, INITIALIZE)).toBe('ok')
    expect(await code(b, LIST)).toBe('mcp_session_mismatch')
    expect(await code(b, INITIALIZE)).toBe('mcp_session_mismatch')
    expect(await code(a, LIST)).toBe('ok')
  })

  test('is of no use under another delegation of the same key, until it is opened again', async () => {
    const { world, a, code } = await setUp()
    const first = a.delegations()[0]?.id ?? ''
    expect(await code(a, INITIALIZE)).toBe('ok')
    await world.grant(a, [mcp])
    expect(await code(a, LIST)).toBe('mcp_session_mismatch')
    expect(await code(a, LIST, { delegation: first })).toBe('ok')
    expect(await code(a, INITIALIZE)).toBe('ok')
    expect(await code(a, LIST)).toBe('ok')
    expect(await code(a, LIST, { delegation: first })).toBe('mcp_session_mismatch')
  })

  test('is not opened again for another person', async () => {
    const { world, a, code } = await setUp()
    expect(await code(a, INITIALIZE)).toBe('ok')
    await world.grant(a, [mcp], { principal: 'person-8' })
    expect(await code(a, INITIALIZE)).toBe('mcp_session_mismatch')
  })

  test('that the server did not open is nobody’s', async () => {
    const { a, b, code } = await setUp()
    expect(await code(a, { ...INITIALIZE, params: {} })).toBe('ok')
    expect(await code(b, LIST)).toBe('ok')
  })
})

test('a session is of no use to another key, whatever id its delegation has', () => {
  // Who hands a delegation on chooses its id.
  const session = createStdioSession()
  const principal = { issuer: 'did:key:i', id: 'person-7' } as const
  const owner = { agent: 'did:key:a', principal, chain: { leaf: { id: 'urn:uuid:1' } } }
  session.open(owner as unknown as VerifiedRequest)
  const check = (agent: 'did:key:a' | 'did:key:b', delegation: string): (() => void) => {
    return () => session.check({ kind: 'response' }, { agent, principal, delegation })
  }
  expect(check('did:key:a', 'urn:uuid:1')).not.toThrow()
  expect(check('did:key:b', 'urn:uuid:1')).toThrow(expect.objectContaining({ code: 'mcp_session_mismatch' }))
  expect(check('did:key:a', 'urn:uuid:2')).toThrow(expect.objectContaining({ code: 'mcp_session_mismatch' }))
})

describe.each(GENERATIONS)('a call in flight on a server of %s', (generation) => {
  test('ends when its chain is revoked, and its tool with it', async () => {
    const { world, a, index, next, send } = await setUp(generation)
    const id = await send(a, WAIT)
    const signal = await world.served.waiting
    expect(signal.aborted).toBe(false)
    expect(findCaller(callerOf(world.records[0]))).toMatchObject({ agent: a.did })
    await world.revoke(index)
    const answer = await next()
    expect([codeOfMessage(answer), answer['id']]).toEqual(['credential_revoked', id])
    await aborted(signal)
    const { data } = answer['error'] as { data: JsonObject }
    const [record] = world.records
    expect(data['request_id']).toBe(record?.requestId)
    expect(findCaller(callerOf(record))).toBeUndefined()
  })

  test('goes on when another one is revoked', async () => {
    const { world, a, b, other, send, code } = await setUp(generation)
    await send(a, WAIT)
    const signal = await world.served.waiting
    await world.revoke(other)
    expect(await code(b, { method: 'ping' })).toBe('credential_revoked')
    expect(await code(a, { method: 'ping' })).toBe('ok')
    expect(signal.aborted).toBe(false)
  })

  test('is cancelled by its own agent, and by no other', async () => {
    const { world, a, b, send, code } = await setUp(generation)
    const requestId = await send(a, WAIT)
    const signal = await world.served.waiting
    const cancel = async (wallet: Wallet): Promise<void> => {
      const line = await proveLine(wallet, { method: 'notifications/cancelled', params: { requestId } })
      world.toServer.write(line)
    }
    await cancel(b)
    expect(await code(a, { method: 'ping' })).toBe('ok')
    expect([signal.aborted, world.records.map((record) => record.code)]).toEqual([
      false,
      ['ok', 'mcp_session_mismatch', 'ok'],
    ])
    await cancel(a)
    await aborted(signal)
    expect(await code(a, { method: 'ping' })).toBe('ok')
  })

  test('has its id for itself', async () => {
    const { world, a, send, code } = await setUp(generation)
    const id = await send(a, WAIT)
    await world.served.waiting
    expect(await code(a, { ...LIST, id })).toBe('request_malformed')
  })

  test('is told of once, also where what opened the session had its id', async () => {
    const { world, a, index, next, send, code } = await setUp(generation)
    expect(await code(a, { ...INITIALIZE, id: 50 })).toBe('ok')
    await send(a, { ...WAIT, id: 50 })
    await world.served.waiting
    await world.revoke(index)
    const { error } = await next()
    expect(error).toMatchObject({ data: { request_id: world.records[1]?.requestId } })
    await send(a, { method: 'ping', id: 51 })
    expect(await next()).toMatchObject({ id: 51 })
  })

  test('ends with the connection, and nothing is written any more', async () => {
    const { world, a, send } = await setUp(generation)
    await send(a, WAIT)
    const signal = await world.served.waiting
    world.toServer.end()
    await aborted(signal)
    await world.endpoint.transport.send({ jsonrpc: '2.0', id: 1, result: {} })
    expect(world.fromServer.read()).toBeNull()
    expect(findCaller(callerOf(world.records[0]))).toBeUndefined()
  })
})

describe('what a server says unasked', () => {
  const NEWS = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' }

  test('is heard by whoever has a session that is alive, and by nobody else', async () => {
    const { world, a, index, next, send, code } = await setUp()
    const { transport } = world.endpoint
    await transport.send(NEWS)
    expect(await code(a, INITIALIZE)).toBe('ok')
    await transport.send(NEWS)
    expect(await next()).toEqual(NEWS)
    await world.revoke(index)
    await transport.send(NEWS)
    await send(a, LIST)
    expect(codeOfMessage(await next())).toBe('credential_revoked')
  })

  test('is heard while a call is under way', async () => {
    const { world, a, next, send } = await setUp()
    await send(a, WAIT)
    await world.served.waiting
    await world.endpoint.transport.send(NEWS)
    expect(await next()).toEqual(NEWS)
  })

  test('is no answer to what nobody asked', async () => {
    const { world, a, send, next } = await setUp()
    await world.endpoint.transport.send({ jsonrpc: '2.0', id: 77, result: {} })
    const id = await send(a, LIST)
    expect(await next()).toMatchObject({ id, result: {} })
  })
})

test('a server whose answers nobody reads is told, and closed', async () => {
  const { world, a, send } = await setUp()
  const closed = Promise.withResolvers<void>()
  const { transport } = world.endpoint
  const { onclose } = transport
  transport.onclose = () => {
    onclose?.()
    closed.resolve()
  }
  world.fromServer.destroy(new Error('the pipe is broken'))
  await send(a, LIST)
  await closed.promise
})

/** What a server is told of the caller in a record. */
const callerOf = (record: AuditRecord | undefined): Record<string, unknown> => ({
  'behalf/caller': { request_id: record?.requestId },
})

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}
