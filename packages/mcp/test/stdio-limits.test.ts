import { afterEach, describe, expect, test } from 'vitest'
import { createStdioHandler } from '../src/front.ts'
import {
  callAlone,
  envelope,
  type Front,
  messagesOf,
  openFront,
  outcomeOf,
  rawServer,
} from './support/fronts.ts'
import { call, codeOfAnswer, initialize, post } from './support/messages.ts'
import { NOW } from './support/world.ts'

const open: Front[] = []
afterEach(async () => {
  for (const front of open.splice(0)) await front.stdio.close()
})
async function front(...args: Parameters<typeof openFront>): Promise<Front> {
  const opened = await openFront(...args)
  open.push(opened)
  return opened
}

/** The messages that the program was given with this method. */
const given = (opened: Front, method: string): readonly Record<string, never>[] =>
  opened.notes
    .filter((note) => note.startsWith('got '))
    .map((note) => JSON.parse(note.slice(4)) as Record<string, never>)
    .filter((message) => message['method'] === method)

describe('the shared process', () => {
  test('is given each request under an id of its own', async () => {
    const opened = await front(rawServer())
    const [a, b] = [await opened.agent(10), await opened.agent(11)]
    for (const { wallet } of [a, b, a]) {
      const [answer] = await messagesOf(await post(wallet, callAlone('answer', { id: 'same' })))
      expect(answer).toMatchObject({ id: 'same', result: { content: [{ text: 'answered' }] } })
    }
    expect(given(opened, 'tools/call').map(({ id }) => id)).toEqual([1, 2, 3])
  })

  test('tells nobody what does not belong to a request', async () => {
    const opened = await front(rawServer())
    const [a, b] = [await opened.agent(10), await opened.agent(11)]
    const waiting = post(a.wallet, callAlone('silent', { id: 'a', meta: { progressToken: 'guessed' } }))
    await opened.noted(/got .*silent/u)
    const messages = await messagesOf(await post(b.wallet, callAlone('chatter', { id: 'b' })))
    expect(messages).toMatchObject([{ id: 'b', result: { content: [{ text: 'answered' }] } }])
    await opened.stdio.close()
    expect(await codeOfAnswer(waiting)).toBe('mcp_server_unavailable')
  })

  test('may ask nobody, and is told so', async () => {
    const opened = await front(rawServer())
    const { wallet } = await opened.agent(10)
    const waiting = outcomeOf(post(wallet, callAlone('question')))
    expect(await opened.noted(/got .*"q1"/u)).toContain('-32601')
    await opened.stdio.close()
    expect(await waiting).toBe('mcp_server_unavailable')
  })

  test('names a subscription as its caller did', async () => {
    const opened = await front(rawServer())
    const { wallet } = await opened.agent(10)
    const answer = await post(wallet, callAlone('subscribe', { id: 'mine' }))
    const named = { 'io.modelcontextprotocol/subscriptionId': 'mine' }
    expect(await messagesOf(answer)).toMatchObject([
      { method: 'notifications/tools/list_changed', params: { _meta: named } },
      { id: 'mine', result: { _meta: named } },
    ])
  })

  test('is told when nobody waits any more', async () => {
    const opened = await front(rawServer())
    const { wallet } = await opened.agent(10)
    const leaving = new AbortController()
    const { signal } = leaving
    const sent = wallet.fetch('https://mcp.test/mcp', {
      method: 'POST',
      signal,
      body: callAlone('silent', { id: 'mine' }),
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    })
    sent.catch(() => undefined)
    await opened.noted(/got .*silent/u)
    leaving.abort()
    await opened.noted(/got .*notifications\/cancelled/u)
    const [cancelled] = given(opened, 'notifications/cancelled')
    expect(cancelled).toMatchObject({ params: { requestId: 1, _meta: envelope() } })
  })

  test('is told by the caller of a request that it is cancelled, and by nobody else', async () => {
    const opened = await front(rawServer())
    const [a, b] = [await opened.agent(10), await opened.agent(11)]
    const waiting = outcomeOf(post(a.wallet, callAlone('silent', { id: 'mine' })))
    await opened.noted(/got .*silent/u)
    const cancel = JSON.stringify({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 'mine', _meta: envelope() },
    })
    expect((await post(b.wallet, cancel)).status).toBe(202)
    expect(await codeOfAnswer(post(b.wallet, callAlone('answer')))).toBe('ok')
    expect(given(opened, 'notifications/cancelled')).toEqual([])
    expect((await post(a.wallet, cancel)).status).toBe(202)
    expect(await waiting).toBe('mcp_server_unavailable')
    await opened.noted(/got .*notifications\/cancelled/u)
  })

  test('is given other notifications', async () => {
    const opened = await front(rawServer())
    const { wallet } = await opened.agent(10)
    const notification = { jsonrpc: '2.0', method: 'notifications/own', params: { _meta: envelope() } }
    expect((await post(wallet, JSON.stringify(notification))).status).toBe(202)
    expect(await opened.noted(/got .*notifications\/own/u)).toContain('behalf/caller')
  })

  test('works on so many requests at once, and so many of one agent', async () => {
    const opened = await front(rawServer(), { maxInFlight: 3, maxInFlightPerAgent: 2 })
    const [a, b] = [await opened.agent(10), await opened.agent(11)]
    const ask = ({ wallet }: typeof a): Promise<string> => outcomeOf(post(wallet, callAlone('silent')))
    const waiting = [ask(a), ask(a)]
    await opened.noted(/got .*"id":2/u)
    expect(await ask(a)).toBe('rate_limited')
    waiting.push(ask(b))
    await opened.noted(/got .*"id":3/u)
    expect(await ask(b)).toBe('rate_limited')
    await opened.stdio.close()
    expect(await Promise.all(waiting)).toEqual(Array(3).fill('mcp_server_unavailable'))
  })

  test('is started again, but not at once', async () => {
    const time = { now: NOW }
    const opened = await front(rawServer(), { clock: () => time.now })
    const { wallet } = await opened.agent(10)
    expect(await outcomeOf(post(wallet, callAlone('close')))).toBe('mcp_server_unavailable')
    expect(await outcomeOf(post(wallet, callAlone('answer')))).toBe('mcp_server_unavailable')
    time.now += 1000
    expect(await outcomeOf(post(wallet, callAlone('answer')))).toBe('ok')
  })

  test('may write lines that are no messages', async () => {
    const opened = await front(rawServer())
    const { wallet } = await opened.agent(10)
    expect(await outcomeOf(post(wallet, callAlone('noise')))).toBe('ok')
    await opened.noted(/not a message/u)
  })

  test('that does not read is not written to without end', async () => {
    const opened = await front(rawServer(), { maxQueuedBytes: 100_000 })
    const { wallet } = await opened.agent(10)
    const waiting = [outcomeOf(post(wallet, callAlone('deaf')))]
    await opened.noted(/got .*deaf/u)
    const values = { text: 'x'.repeat(200_000) }
    const full = async (): Promise<string> => {
      const asked = outcomeOf(post(wallet, callAlone('answer', { values })))
      const answered = await Promise.race([
        asked,
        new Promise<string>((resolve) => setImmediate(resolve, '')),
      ])
      if (answered === '') waiting.push(asked)
      return answered === '' ? await full() : answered
    }
    expect(await full()).toBe('mcp_server_unavailable')
    await opened.stdio.close()
    await Promise.all(waiting)
  })

  test('is told when its caller reads too slowly, who is cut off', async () => {
    const opened = await front(rawServer(), { maxQueuedBytes: 50_000 })
    const { wallet } = await opened.agent(10)
    const answer = await post(wallet, callAlone('pour', { meta: { progressToken: 'own' } }))
    await opened.noted(/got .*notifications\/cancelled/u)
    await expect(answer.text()).rejects.toThrow('the reader is too slow')
  })

  test('is not taken for a session by whoever claims both versions', async () => {
    const opened = await front(rawServer())
    const { wallet } = await opened.agent(10)
    const claim = { ...(JSON.parse(initialize()) as { params: object }) }
    const both = JSON.stringify({ ...claim, params: { ...claim.params, _meta: envelope() } })
    const answer = await post(wallet, both)
    expect(answer.headers.get('mcp-session-id')).toMatch(/^[\w-]{32}$/u)
  })
})

describe('a program that cannot be had', () => {
  test('is a coded refusal in either version', async () => {
    const opened = await front([], { command: 'no-such-program-anywhere' })
    const { wallet } = await opened.agent(10)
    expect(await codeOfAnswer(post(wallet, callAlone('answer')))).toBe('mcp_server_unavailable')
    expect(await codeOfAnswer(post(wallet, initialize()))).toBe('mcp_server_unavailable')
    await opened.noted(/ENOENT/u)
  })

  test('because it opens no session is ended, and its place is free', async () => {
    const opened = await front(rawServer('unwilling'), { maxProcesses: 1 })
    const { wallet } = await opened.agent(10)
    for (const _ of [1, 2]) {
      const answer = await post(wallet, initialize())
      expect(answer.headers.get('mcp-session-id')).toBe(null)
      expect(await messagesOf(answer)).toMatchObject([{ error: { code: -32_602 } }])
    }
  })

  test('because it is silent is given up after a while', async () => {
    const timers: { run: () => void; milliseconds: number }[] = []
    const opened = await front(rawServer('mute'), {
      startTimeoutSeconds: 5,
      setTimer: (run, milliseconds) => {
        timers.push({ run, milliseconds })
        return () => undefined
      },
    })
    const { wallet } = await opened.agent(10)
    const outcome = codeOfAnswer(post(wallet, initialize()))
    await opened.noted(/got .*initialize/u)
    timers.find(({ milliseconds }) => milliseconds === 5000)?.run()
    expect(await outcome).toBe('mcp_server_unavailable')
  })

  test('when its caller leaves before the session is open is ended', async () => {
    const opened = await front(rawServer('mute'))
    const { wallet, index } = await opened.agent(10)
    const outcome = outcomeOf(post(wallet, initialize()))
    await opened.noted(/got .*initialize/u)
    await opened.world.revoke(index)
    expect(await outcome).toBe('credential_revoked')
    await opened.noted(/the server ended/u)
  })

  test('because it does not listen to reason is killed', async () => {
    const opened = await front(rawServer('stubborn'), { stopGraceSeconds: 0.1 })
    const { wallet } = await opened.agent(10)
    expect(await codeOfAnswer(post(wallet, callAlone('answer')))).toBe('ok')
    await opened.stdio.close()
    expect(opened.notes).toContain('the server ended: it was told to')
  })
})

describe('how many sessions have a process', () => {
  test('is limited', async () => {
    const opened = await front(rawServer(), { maxProcesses: 2 })
    const { wallet } = await opened.agent(10)
    const outcomes = [1, 2, 3].map(() => codeOfAnswer(post(wallet, initialize())))
    expect((await Promise.all(outcomes)).toSorted()).toEqual(['ok', 'ok', 'rate_limited'])
  })

  test('is a positive number, as every limit', () => {
    const command = { command: 'node', args: [], env: {} }
    expect(() => createStdioHandler({ ...command, maxProcesses: 0 })).toThrow(TypeError)
    expect(() => createStdioHandler({ ...command, maxQueuedBytes: Number.NaN })).toThrow(TypeError)
  })
})

describe('a session', () => {
  async function session(...args: Parameters<typeof openFront>) {
    const opened = await front(...args)
    const { wallet } = await opened.agent(10)
    const answer = await post(wallet, initialize())
    const headers = { 'mcp-session-id': answer.headers.get('mcp-session-id') ?? '' }
    const tool = (name: string, id: number | string): Promise<Response> =>
      post(wallet, JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name } }), {
        headers,
      })
    return { opened, wallet, headers, tool }
  }

  test('has one answer for each id', async () => {
    const { opened, tool } = await session(rawServer())
    const waiting = outcomeOf(tool('silent', 1))
    await opened.noted(/got .*silent/u)
    expect(await codeOfAnswer(tool('answer', 1))).toBe('request_malformed')
    expect(await codeOfAnswer(tool('answer', '1'))).toBe('ok')
    await opened.stdio.close()
    expect(await waiting).toBe('mcp_server_unavailable')
  })

  test('works on so many requests at once', async () => {
    const { opened, tool } = await session(rawServer(), { maxInFlightPerAgent: 1 })
    const waiting = outcomeOf(tool('silent', 1))
    await opened.noted(/got .*silent/u)
    expect(await codeOfAnswer(tool('answer', 2))).toBe('rate_limited')
    await opened.stdio.close()
    await waiting
  })

  test('hears what the program says by itself, when it listens', async () => {
    const { wallet, headers, tool } = await session(rawServer())
    await messagesOf(await tool('chatter', 1))
    const stream = await post(wallet, null, {
      method: 'GET',
      headers: { ...headers, accept: 'text/event-stream' },
    })
    expect([stream.status, stream.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    const again = await post(wallet, null, {
      method: 'GET',
      headers: { ...headers, accept: 'text/event-stream' },
    })
    // The first one is over when there is a second.
    expect(await stream.text()).toBe('')
    await again.body?.cancel()
  })

  test('in which nobody listens keeps some questions of the program, and refuses the others', async () => {
    const { opened, wallet, headers } = await session(rawServer())
    const own = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/own' })
    expect((await post(wallet, own, { headers })).status).toBe(202)
    for (const refused of [65, 66, 67, 68, 69, 70]) {
      expect(await opened.noted(new RegExp(`got .*"q${refused}"`, 'u'))).toContain('mcp_server_unavailable')
    }
    const stream = await post(wallet, null, {
      method: 'GET',
      headers: { ...headers, accept: 'text/event-stream' },
    })
    await opened.stdio.close()
    const asked = (await messagesOf(stream)).map(({ id }) => id)
    expect(asked).toEqual(Array.from({ length: 64 }, (_, index) => `q${index + 1}`))
  })

  test('that nobody used for a while ends, and its program with it', async () => {
    const timers = new Set<{ readonly run: () => void; readonly milliseconds: number }>()
    const { opened, wallet, headers, tool } = await session(rawServer(), {
      sessionIdleSeconds: 60,
      setTimer: (run, milliseconds) => {
        const timer = { run, milliseconds }
        timers.add(timer)
        return () => timers.delete(timer)
      },
    })
    const due = () => [...timers].filter(({ milliseconds }) => milliseconds === 60_000)
    const passAMinute = (): void => {
      expect(due().length).toBe(1)
      for (const timer of due()) {
        timers.delete(timer)
        timer.run()
      }
    }
    // Every use begins the while anew.
    const [opening] = due()
    expect(await codeOfAnswer(tool('answer', 0))).toBe('ok')
    expect(due()[0]).not.toBe(opening)
    const waiting = outcomeOf(tool('silent', 1))
    await opened.noted(/got .*silent/u)
    passAMinute()
    expect(await codeOfAnswer(tool('answer', 2))).toBe('ok')
    await opened.stdio.close()
    expect(await waiting).toBe('mcp_server_unavailable')

    const again = await post(wallet, initialize())
    const unused = { 'mcp-session-id': again.headers.get('mcp-session-id') ?? '' }
    expect(unused).not.toEqual(headers)
    passAMinute()
    expect(await codeOfAnswer(post(wallet, call('ping'), { headers: unused }))).toBe('not_found')
  })

  test('may ask its caller so many questions at once', async () => {
    const { opened, wallet, headers } = await session(rawServer())
    const stream = await post(wallet, null, {
      method: 'GET',
      headers: { ...headers, accept: 'text/event-stream' },
    })
    const own = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/own' })
    expect((await post(wallet, own, { headers })).status).toBe(202)
    expect(await opened.noted(/got .*"q70"/u)).toContain('mcp_server_unavailable')
    await opened.stdio.close()
    expect((await messagesOf(stream)).length).toBe(64)
  })

  test('gives the program no answer that it did not ask for, and no message whose _meta is none', async () => {
    const { opened, wallet, headers, tool } = await session(rawServer())
    const unasked = JSON.stringify({ jsonrpc: '2.0', id: 'unasked', result: {} })
    expect((await post(wallet, unasked, { headers })).status).toBe(202)
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'answer', _meta: [] } }
    expect(await codeOfAnswer(post(wallet, JSON.stringify(message), { headers }))).toBe('request_malformed')
    expect(await codeOfAnswer(tool('answer', 2))).toBe('ok')
    await opened.noted(/got .*"id":2/u)
    expect(opened.notes.filter((note) => /unasked|"id":1,.*answer/u.test(note))).toEqual([])
  })

  test('that nobody opened has no stream, no end and no messages', async () => {
    const { opened } = await session(rawServer())
    const { wallet } = await opened.agent(11)
    for (const method of ['GET', 'DELETE']) {
      const answer = await post(wallet, null, { method })
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
    }
    expect(await codeOfAnswer(post(wallet, call('tools/list')))).toBe('request_malformed')
    expect(await codeOfAnswer(post(wallet, call('ping')))).toBe('request_malformed')
  })
})
