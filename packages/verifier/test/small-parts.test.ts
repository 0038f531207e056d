import { EventEmitter } from 'node:events'
import { createServer } from 'node:http'
import { PassThrough } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import { answerClientErrors } from '../src/answer-client-errors.ts'
import { VerifierError } from '../src/error.ts'
import { reportFaultToConsole } from '../src/fault.ts'
import { createTrustedIssuers, didKeyIssuerKeys } from '../src/issuer-keys.ts'
import { createRequestIds } from '../src/request-id.ts'
import { systemTimer } from '../src/timer.ts'
import { agentA, issuer, otherIssuer } from './support/agents.ts'
import { makeWorld } from './support/world.ts'

describe('createRequestIds', () => {
  test('makes ULIDs: ten characters of time, sixteen of randomness', () => {
    const ids = createRequestIds(
      () => 1_469_918_176_385,
      (length) => new Uint8Array(length).fill(33),
    )
    expect(ids()).toBe(`01ARYZ6S41${'1'.repeat(16)}`)
  })

  test('asks for randomness seldom, and never uses any of it twice', () => {
    let calls = 0
    const ids = createRequestIds(
      () => 0,
      (length) => {
        calls += 1
        return new Uint8Array(length).map((_, index) => (index >> 4) + (index % 16 === 0 ? calls : 0))
      },
    )
    const made = Array.from({ length: 160 }, () => ids())
    expect(new Set(made).size).toBe(160)
    expect(calls).toBeLessThan(10)
  })

  test('makes another one each time, sorted by time', () => {
    let now = 0
    let byte = 0
    const ids = createRequestIds(
      () => now,
      (length) => new Uint8Array(length).map(() => byte++),
    )
    const first = ids()
    expect(first).toMatch(/^0{10}[0-9A-HJKMNP-TV-Z]{16}$/)
    expect(ids()).not.toBe(first)
    now = 1
    expect(ids() > first).toBe(true)
    now = -5
    expect(ids()).toHaveLength(26)
  })
})

describe('issuer keys', () => {
  test('of a did:key are the key it spells, under its own name', () => {
    expect(didKeyIssuerKeys(issuer.did, issuer.kid)).toEqual(issuer.signer.publicKey)
    expect(didKeyIssuerKeys(issuer.did, otherIssuer.kid)).toBeUndefined()
    expect(didKeyIssuerKeys(issuer.did, issuer.did)).toBeUndefined()
    expect(didKeyIssuerKeys('did:web:a.test', 'did:web:a.test#1')).toBeUndefined()
    expect(didKeyIssuerKeys('', '')).toBeUndefined()
  })

  test('count only for the trusted, and no longer once distrusted', () => {
    const trusted = createTrustedIssuers([issuer.did, otherIssuer.did])
    expect(trusted.keys(issuer.did, issuer.kid)).toEqual(issuer.signer.publicKey)
    expect(trusted.keys(agentA.did, agentA.kid)).toBeUndefined()
    expect(trusted.epoch()).toBe(0)
    trusted.distrust(issuer.did)
    expect(trusted.epoch()).toBe(1)
    expect(trusted.keys(issuer.did, issuer.kid)).toBeUndefined()
    expect(trusted.keys(otherIssuer.did, otherIssuer.kid)).toBeDefined()
  })

  test('of other methods need a source', () => {
    expect(() => createTrustedIssuers(['did:web:a.test'])).toThrow(
      new TypeError('did:web:a.test is not a did:key: name issuerKeys'),
    )
    expect(() => createTrustedIssuers([])).toThrow(new TypeError('trustedIssuers: name at least one'))
    const trusted = createTrustedIssuers(['did:web:a.test'], () => issuer.signer.publicKey)
    expect(trusted.keys('did:web:a.test', 'did:web:a.test#1')).toEqual(issuer.signer.publicKey)
    expect(trusted.keys('did:web:b.test', 'did:web:b.test#1')).toBeUndefined()
  })

  test('of something that is no DID do not exist', () => {
    expect(() => createTrustedIssuers(['https://authority.test'], () => issuer.signer.publicKey)).toThrow(
      new TypeError('https://authority.test is not a DID'),
    )
  })

  test.each([[[]], [['https://authority.test']], [[issuer.kid]], [['did:key:z6MkBroken']]])(
    'refuses %j',
    (issuers) => {
      expect(() => createTrustedIssuers(issuers)).toThrow(TypeError)
    },
  )
})

describe('reportFaultToConsole', () => {
  test('writes one line, whatever the cause says', () => {
    const lines: unknown[] = []
    const original = console.error
    console.error = (...parts: unknown[]) => lines.push(parts.join(' '))
    try {
      const cause = new Error('disk\r\nINFO approved\u001b[2J')
      reportFaultToConsole(new VerifierError('replay_store_unavailable', 'a store', { cause }), '01J')
      reportFaultToConsole(new VerifierError('internal_error', 'no cause'))
    } finally {
      console.error = original
    }
    expect(lines).toHaveLength(2)
    expect(lines[0]).toContain('replay_store_unavailable')
    expect(lines[0]).toContain('disk')
    expect(String(lines[0])).toMatch(/^[ -~]*$/)
  })
})

describe('answerClientErrors', () => {
  /** What is written to a connection on which the parser fails. */
  function answer(code: string, isWritable = true): { written: string; isDestroyed: boolean } {
    const server = createServer()
    answerClientErrors(server, makeWorld().verifier)
    const outcome = { written: '', isDestroyed: false }
    const socket = {
      writable: isWritable,
      end: (text: string) => {
        outcome.written = text
      },
      destroy: () => {
        outcome.isDestroyed = true
      },
    }
    server.emit('clientError', Object.assign(new Error('parser'), { code }), socket)
    return outcome
  }

  test.each([
    ['HPE_HEADER_OVERFLOW', 'header_too_large', 431],
    ['ERR_HTTP_REQUEST_TIMEOUT', 'body_timeout', 408],
    ['HPE_INVALID_CONSTANT', 'request_malformed', 400],
  ])('answers %s with %s', (parserCode, code, status) => {
    const { written, isDestroyed } = answer(parserCode)
    const [head = '', body = ''] = written.split('\r\n\r\n')
    expect(head.split('\r\n')[0]).toBe(`HTTP/1.1 ${status} Refused`)
    expect(head).toContain('\r\nConnection: close')
    expect(head).toContain(`\r\nContent-Length: ${body.length}`)
    expect(JSON.parse(body)).toMatchObject({ code, status })
    expect(isDestroyed).toBe(false)
  })

  /** What is written when the parser fails while a request is under way on the connection. */
  function answerDuring(
    complete: boolean,
    headersSent = false,
  ): { written: string[]; isDestroyed: () => boolean; finish: () => void } {
    const server = createServer()
    answerClientErrors(server, makeWorld().verifier)
    const socket = new PassThrough()
    const written: string[] = []
    socket.on('data', (part: Buffer) => written.push(part.toString()))
    const response = Object.assign(new EventEmitter(), { closed: false, headersSent })
    server.emit('request', { socket, complete }, response)
    server.emit('clientError', Object.assign(new Error('parser'), { code: 'HPE_INVALID_METHOD' }), socket)
    const finish = (): void => {
      response.closed = true
      response.emit('close')
    }
    return { written, isDestroyed: () => socket.destroyed, finish }
  }

  test('lets the answer to a whole request go first', () => {
    const { written, finish } = answerDuring(true)
    expect(written).toEqual([])
    finish()
    expect(written.join('')).toContain('request_malformed')
  })

  test('answers a request that breaks off in its own body', () => {
    expect(answerDuring(false).written.join('')).toContain('request_malformed')
  })

  test('never writes into an answer that is half out', () => {
    const { written, isDestroyed } = answerDuring(false, true)
    expect(written).toEqual([])
    expect(isDestroyed()).toBe(true)
  })

  test('says nothing to a peer that is gone', () => {
    expect(answer('ECONNRESET')).toEqual({ written: '', isDestroyed: true })
    expect(answer('HPE_INVALID_CONSTANT', false)).toEqual({ written: '', isDestroyed: true })
  })
})

describe('systemTimer', () => {
  test('runs once, later, unless it is called off', () => {
    vi.useFakeTimers()
    const runs: string[] = []
    systemTimer(() => runs.push('kept'), 10)
    const callOff = systemTimer(() => runs.push('called off'), 10)
    callOff()
    expect(runs).toEqual([])
    vi.advanceTimersByTime(30)
    vi.useRealTimers()
    expect(runs).toEqual(['kept'])
  })
})
