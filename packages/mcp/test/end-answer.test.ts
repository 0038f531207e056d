import type { AnyVerifiedRequest } from '@behalf/verifier'
import { VerifierError } from '@behalf/verifier'
import { describe, expect, test, vi } from 'vitest'
import { endAnswer } from '../src/end-answer.ts'
import { createEndedCall, readEndedCall } from '../src/ended-call.ts'
import { call } from './support/messages.ts'

const unheard = (): void => undefined
const EVENTS = { 'content-type': 'text/event-stream' }

function verified(body: string, signal: AbortSignal): AnyVerifiedRequest<unknown> {
  const request = { requestId: 'request-1', body: new TextEncoder().encode(body), signal }
  return request as unknown as AnyVerifiedRequest<unknown>
}

/** A stream that stays open, and what becomes of it. */
function createSource() {
  const cancel = vi.fn()
  return { cancel, stream: new ReadableStream<Uint8Array>({ cancel }) }
}

describe('the answer of a call', () => {
  test('ends with the code of what ended its chain, and the server is told', async () => {
    const abort = new AbortController()
    const { cancel, stream } = createSource()
    const cut = vi.fn()
    const answer = endAnswer(
      new Response(stream, { headers: EVENTS }),
      verified(call('ping'), abort.signal),
      cut,
    )
    const text = answer?.text()
    const reason = new VerifierError('credential_expired', 'it has ended')
    abort.abort(reason)
    expect(await text).toMatch(/^\n\nevent: message\ndata: \{.*"code":"credential_expired".*\}\n\n$/u)
    expect(cancel.mock.calls).toEqual([[reason]])
    expect(cut).toHaveBeenCalledOnce()
  })

  test('ends so whatever the reason is, and when the chain was dead before', async () => {
    const { stream } = createSource()
    const dead = AbortSignal.abort(new Error('secret'))
    const answer = endAnswer(new Response(stream, { headers: EVENTS }), verified(call('ping'), dead), unheard)
    const text = (await answer?.text()) ?? ''
    expect(text).toContain('"code":"internal_error"')
    expect(text).not.toContain('secret')
  })

  test('that came to its end is left as it is', async () => {
    const abort = new AbortController()
    const failed = vi.fn()
    process.once('uncaughtException', failed)
    const answer = endAnswer(
      new Response('data: {}\n\n', { headers: EVENTS }),
      verified(call('ping'), abort.signal),
      unheard,
    )
    expect(await answer?.text()).toBe('data: {}\n\n')
    const { cancel, stream } = createSource()
    const left = endAnswer(
      new Response(stream, { headers: EVENTS }),
      verified(call('ping'), abort.signal),
      unheard,
    )
    await left?.body?.cancel('enough')
    expect(cancel.mock.calls).toEqual([['enough']])
    abort.abort()
    // Errors of listeners come later.
    await new Promise((resolve) => setImmediate(resolve))
    process.off('uncaughtException', failed)
    expect(failed).not.toHaveBeenCalled()
  })

  test.each([
    ['that is no stream', 'text', { 'content-type': 'application/json' }, call('ping')],
    ['without a body', null, EVENTS, call('ping')],
    ['to what wants none', 'data: {}\n\n', EVENTS, '{"jsonrpc":"2.0","method":"notifications/x"}'],
    ['to a stream that is opened', 'data: {}\n\n', EVENTS, ''],
  ])('%s is for the adapter to end', (_title, body, headers, sent) => {
    const { signal } = new AbortController()
    expect(endAnswer(new Response(body, { headers }), verified(sent, signal), unheard)).toBeUndefined()
  })
})

describe('that a call was ended', () => {
  const ended = createEndedCall(7, { code: 'credential_revoked', requestId: 'request-1' })

  test('is told with the code and the handle', () => {
    expect(readEndedCall(ended)).toMatchObject({ code: 'credential_revoked', requestId: 'request-1' })
  })

  test.each<[string, unknown]>([
    ['no error', undefined],
    ['another kind of error', { ...ended.error, code: -32_603 }],
    ['an error without more', { code: -32_000, message: 'no' }],
    ['a code that is unknown', { ...ended.error, data: { ...ended.error.data, code: 'toString' } }],
    ['no handle', { ...ended.error, data: { code: 'credential_revoked' } }],
  ])('is not told by %s', (_title, error) => {
    expect(readEndedCall({ error })).toBeUndefined()
  })
})
