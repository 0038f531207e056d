import { connect, type Socket } from 'node:net'
import { expect } from 'vitest'
import { type CaseGroup, call, http, invariant, invariantOnce, own } from '../support/attack-case.ts'
import { createChain, NOW } from '../support/chain.ts'
import { expectAnswer, readCode } from '../support/expectation.ts'
import type { Lab } from '../support/lab.ts'
import { otherIssuer } from '../support/party.ts'
import { slowPatterns } from '../support/pattern-sweep.ts'
import {
  baseline,
  changeLine,
  type Draft,
  setParam,
  signatureBase,
  withSignature,
} from '../support/request.ts'

const SECONDS = NOW / 1000
const GARBAGE = `sig=:${Buffer.alloc(64, 0x5a).toString('base64')}:`

/** A request whose signature is garbage and that has a cheaper defect, too. */
const garbage = (draft: Draft) => http((api) => api.send(withSignature(draft, GARBAGE)))

/** Denial of service and side channels. */
export const denial: CaseGroup = {
  name: 'Denial of service and side channels',
  catalogue: {
    'DS-001': invariant(outlastSlowHeaders),
    'DS-004': invariant(answerFloodCheaply),
    'DS-009': invariant(surviveJunk),
    'DS-010': invariantOnce(async () => expect(slowPatterns()).toEqual([])),
  },
  own: {
    'DS-own-1': own(
      'signature_expired',
      'The window before the signature',
      garbage(baseline({ created: SECONDS - 200, expires: SECONDS - 100 })),
    ),
    'DS-own-2': own(
      'nonce_invalid',
      'The nonce before the signature',
      garbage(setParam(baseline(), 'nonce', '"1"')),
    ),
    'DS-own-3': own(
      'key_invalid',
      'The form of the key before the signature',
      garbage(baseline({ keyid: 'did:key:zzz#zzz' })),
    ),
    'DS-own-4': own(
      'issuer_untrusted',
      'The issuer before the signature',
      http(async (api) => {
        const chain = await createChain([{ terms: { issuer: otherIssuer.did }, signer: otherIssuer }, {}, {}])
        return api.send(withSignature(baseline({ chain }), GARBAGE))
      }),
    ),
    'DS-own-5': own(
      'signature_invalid',
      'The signature of the request before those of the chain',
      http(async (api) => {
        const chain = await createChain([{}, {}, { jws: (jws) => `${jws.slice(0, -8)}AAAAAAAA` }])
        return api.send(withSignature(baseline({ chain }), GARBAGE))
      }),
    ),
    'DS-own-6': own(
      'signature_invalid',
      'The signature before the digest of the body',
      http((api) =>
        api.send(
          withSignature(
            changeLine(baseline(), 'Content-Digest', (value) => value.replace(/=:.{4}/, '=:AAAA')),
            GARBAGE,
          ),
        ),
      ),
    ),
    'DS-own-7': own(
      'signature_invalid',
      'Nothing of a delegation is told to whoever has not signed',
      http(async (api) => {
        const answers = []
        for (const change of [
          { terms: { validUntil: NOW - 60_000, validFrom: NOW - 120_000 } },
          { subject: { capabilities: [] } },
          { terms: { maxDelegationDepth: 7 } },
        ]) {
          answers.push(
            await api.send(withSignature(baseline({ chain: await createChain([{}, {}, change]) }), GARBAGE)),
          )
        }
        return answers
      }),
    ),
    'DS-own-8': own(
      'ok',
      'The signature base of a large request is bounded by the headers',
      call(() => (signatureBase(baseline()).length < 16_384 ? 'ok' : 'too large')),
    ),
  },
}

/** Connections that never finish their headers are cut, and nobody else notices them. */
async function outlastSlowHeaders(lab: Lab): Promise<void> {
  const server = { headersTimeout: 300, requestTimeout: 300, connectionsCheckingInterval: 50 }
  const api = await lab.open({ server })
  const slow = await Promise.all(Array.from({ length: 100 }, () => openSlowly(api.port)))
  const closed = slow.map(({ closing }) => closing)
  for (let count = 0; count < 20; count += 1) expectAnswer(await api.sendSigned(baseline()), 'ok')
  await Promise.all(closed)
  expectAnswer(await api.sendSigned(baseline()), 'ok')
}

async function openSlowly(port: number): Promise<{ socket: Socket; closing: Promise<void> }> {
  const socket = connect({ port, host: '127.0.0.1' }).on('error', () => undefined)
  const closing = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  await new Promise<void>((resolve) => socket.on('connect', () => resolve()))
  socket.resume().write('POST /v1/items HTTP/1.1\r\nHost: api.test\r\nX-')
  return { socket, closing }
}

/** Garbage in a valid form is refused, claims no nonce and leaves no account; who signs gets through in between. */
async function answerFloodCheaply(lab: Lab): Promise<void> {
  const before = lab.handled
  const codes = new Set<string>()
  for (let wave = 0; wave < 5; wave += 1) {
    const flood = Array.from({ length: 40 }, () => lab.send(withSignature(baseline(), GARBAGE)))
    const honest = lab.sendSigned(baseline())
    for (const answer of await Promise.all(flood)) codes.add(readCode(answer))
    expectAnswer(await honest, 'ok')
  }
  expect([...codes]).toEqual(['signature_invalid'])
  expect(lab.handled).toBe(before + 5)
}

/** Bytes that are no request, or nearly one, end nothing but their own connection. */
async function surviveJunk(lab: Lab): Promise<void> {
  const junk = [
    '\0',
    'GET / HTTP/1.1\r\n\r\n',
    '\x16\x03\x01\x02\x00',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    `${'A'.repeat(70_000)}`,
    'GET /v1/items HTTP/1.1\r\nHost: api.test\r\nExpect: x\r\n\r\n',
    'GET /v1/items HTTP/1.1\r\nHost: api.test\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n',
    'CONNECT api.test:443 HTTP/1.1\r\nHost: api.test\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: api.test\r\n\r\n',
    'TRACE / HTTP/1.1\r\nHost: api.test\r\n\r\n',
  ]
  for (const bytes of junk) {
    const answer = await lab.sendBytes(bytes).catch(() => undefined)
    if (answer !== undefined) {
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
    }
    expectAnswer(await lab.sendSigned(baseline()), 'ok')
  }
}
