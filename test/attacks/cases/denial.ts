import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { expect } from 'vitest'
import { type CaseGroup, call, http, invariant, invariantOnce, own } from '../support/attack-case.ts'
import { ASKED, type RunningAuthority, signCall, withAuthority } from '../support/authority.ts'
import { createChain, NOW } from '../support/chain.ts'
import { expectAnswer, readCode } from '../support/expectation.ts'
import type { Lab } from '../support/lab.ts'
import { createParty, otherIssuer, type Party } from '../support/party.ts'
import { slowPatterns } from '../support/pattern-sweep.ts'
import { holding } from '../support/people.ts'
import { compareByHash } from '../support/recovery.ts'
import {
  baseline,
  changeLine,
  type Draft,
  setParam,
  signatureBase,
  withSignature,
} from '../support/request.ts'
import { timeInTurn, welchT } from '../support/timing.ts'
import { MANY_STREAMS } from './status-push.ts'

const SECONDS = NOW / 1000
const GARBAGE = `sig=:${Buffer.alloc(64, 0x5a).toString('base64')}:`

/** A request whose signature is garbage and that has a cheaper defect, too. */
const garbage = (draft: Draft) => http((api) => api.send(withSignature(draft, GARBAGE)))

/** Denial of service and side channels. */
export const denial: CaseGroup = {
  name: 'Denial of service and side channels',
  catalogue: {
    'DS-001': invariant(outlastSlowHeaders),
    'DS-003': MANY_STREAMS,
    'DS-004': invariant(answerFloodCheaply),
    'DS-006': invariantOnce(() => withAuthority(expectNoTellingApart)),
    'DS-007': holding(compareByHash),
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

const TIMED_AGENTS = 50
const TIMED_ROUNDS = 50
const MEASUREMENTS = 3
/** Enough for what does differ to be told apart, on a busy machine too. */
const CONTROL_ROUNDS = 20

/** Requests in the names of agents that an authority knows take as long as in the names of those it never met. */
async function expectNoTellingApart(running: RunningAuthority): Promise<void> {
  const parties = Array.from({ length: 2 * TIMED_AGENTS }, (_, index) => createParty(0x20 + index))
  const known = parties.slice(0, TIMED_AGENTS)
  for (const [index, as] of known.entries()) {
    // One person is not asked by so many at once.
    const body = { ...ASKED, on_behalf_of: { id: `person-${index}` } }
    expect((await running.send({ path: '/delegation-requests', as, body })).status).toBe(201)
  }
  const forKnown = await forge(running, known)
  const forUnknown = await forge(running, parties.slice(TIMED_AGENTS))
  for (const send of [...forKnown, ...forUnknown]) expect(await send()).toBe('signature_invalid')
  // What does differ is told apart: here the signature is not looked at.
  const early = await forge(running, known, -400)
  for (const send of early) expect(await send()).toBe('signature_expired')
  expect(welchT(await timeInTurn([forKnown, early], CONTROL_ROUNDS))).toBeGreaterThan(4.5)
  expect(await tellApart(forKnown, forUnknown)).toBeLessThan(4.5)
}

/** What differs does so each time; on a busy machine one measurement in many says so of what does not. */
async function tellApart(first: Timed, second: Timed): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let measured = 0; measured < MEASUREMENTS && least >= 4.5; measured += 1) {
    least = Math.min(least, welchT(await timeInTurn([first, second], TIMED_ROUNDS)))
  }
  return least
}

type Timed = readonly (() => Promise<string>)[]

/** For each agent, sends a request in its name whose signature is not its own. */
async function forge(
  { authority, origin, now }: RunningAuthority,
  agents: readonly Party[],
  shiftSeconds = 0,
): Promise<Timed> {
  const call = { path: '/delegation-requests', body: ASKED }
  const at = { origin, now: now + shiftSeconds * 1000 }
  return Promise.all(
    agents.map(async (as) => {
      const { lines, body } = await signCall({ ...call, as }, at)
      const headers = lines.map(([name, value]): [string, string] => [
        name,
        name === 'Signature' ? `sig=:${randomSignature()}:` : value,
      ])
      const init = { method: 'POST', headers, body: Uint8Array.from(body) }
      return async () => {
        const response = await authority.app.fetch(new Request(origin + call.path, init))
        return String(JSON.parse(await response.text()).code)
      }
    }),
  )
}

/** R is a point and S is small enough, so that nothing but the equation can fail. */
function randomSignature(): string {
  const s = randomBytes(32).fill(0, 31)
  return Buffer.concat([createParty(randomBytes(1)[0] ?? 0).publicKey, s]).toString('base64')
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
