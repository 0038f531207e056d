import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AnyVerifiedRequest } from '@behalf/verifier'
import { createMemoryReplayStore, createMemoryUseCounter, createRequestVerifier } from '@behalf/verifier'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adapters, type Seen, startAdapter } from '../../packages/verifier/test/support/servers.ts'
import { codeOfResponse, portOf, send } from '../../packages/verifier/test/support/wire.ts'
import { createCase } from '../fuzz/create-case.ts'
import { copyDraft, type Draft, lineValues } from '../fuzz/draft.ts'
import { ORIGINS } from '../fuzz/grants.ts'
import { issuer, otherIssuer } from '../fuzz/parties.ts'
import { createPool } from '../fuzz/pool.ts'
import { Random } from '../fuzz/random.ts'
import { NOW } from '../fuzz/status.ts'
import { answersOf, createFedSource, createWorlds } from '../fuzz/world.ts'

const worlds = await createWorlds()
const pool = createPool(new Random(3, 3))

/** One adapter, with a verifier of its own behind it. */
interface Running {
  readonly name: string
  readonly server: Server
  readonly seen: Seen[]
}

const running: Running[] = []

beforeAll(async () => {
  for (const adapter of adapters) {
    const clock = (): number => NOW
    const statusSource = createFedSource(worlds.publications, answersOf(worlds.publications), NOW)
    await statusSource.poll()
    const verifier = createRequestVerifier({
      origins: ORIGINS,
      trustedIssuers: [issuer.did, otherIssuer.did],
      statusSource,
      replayStore: createMemoryReplayStore({ clock: () => NOW - 3_600_000 }),
      useCounter: createMemoryUseCounter({ clock }),
      clock,
      reportFault: () => undefined,
    })
    const seen: Seen[] = []
    const server = startAdapter(adapter, verifier, seen)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    running.push({ name: adapter.name, server, seen })
  }
})

afterAll(() => {
  for (const { server } of running) server.close()
})

/** What came of a request: the code of the refusal, or everything that the handler was told. */
async function outcomeOf({ server, seen }: Running, draft: Draft): Promise<unknown> {
  seen.length = 0
  const response = await send(portOf(server), {
    ...draft,
    headers: [...draft.headers, ['Connection', 'close']],
  })
  const code = codeOfResponse(response)
  const [told] = seen
  return told === undefined ? code : { code, body: told.body, ...describeVerified(told.verified) }
}

/** A verified request as plain values, without the id that each adapter makes for itself. */
function describeVerified({ chain, body, ...verified }: AnyVerifiedRequest<unknown>): object {
  return {
    ...verified,
    requestId: '',
    links: chain.links.map((link) => ('jws' in link ? link.jws : link.id)),
    bytes: Buffer.from(body).toString('hex'),
  }
}

/** Whether every HTTP server would hand the request on as it is, and could tell where it ends. */
function canBeSent({ method, target, headers, body }: Draft): boolean {
  const announced = headers.filter(([name]) => name.toLowerCase() === 'content-length')
  return (
    /^(?:GET|POST|PUT|PATCH|DELETE)$/.test(method) &&
    /^\/v1[\w\-.~%!$&'()*+,;=:@/?]*$/.test(target) &&
    headers.every(([name, value]) => /^[A-Za-z0-9_-]+$/.test(name) && /^[\t -~]*$/.test(value)) &&
    headers.every(([name]) => !/^(?:transfer-encoding|connection|expect|upgrade|trailer)$/i.test(name)) &&
    headers.length < 100 &&
    (body.length === 0 ? announced.length === 0 : announced.length === 1) &&
    announced.every(([, value]) => value === String(body.length)) &&
    lineValues({ method, target, headers, body }, 'host').length === 1
  )
}

/** A web `Request` resolves dot segments, joins header lines and has no body on GET. */
function fitsWebRequest({ method, target, headers, body }: Draft): boolean {
  const { pathname, search } = new URL(`https://api.test${target}`)
  const names = headers.map(([name]) => name.toLowerCase())
  return (
    (method !== 'GET' || body.length === 0) &&
    pathname + search === target &&
    new Set(names).size === names.length
  )
}

/** So many inputs of the fuzzer that can be sent. */
function changedDrafts(count: number): readonly Draft[] {
  const drafts: Draft[] = []
  for (let index = 0; drafts.length < count; index += 1) {
    const { fuzzCase } = createCase({ random: new Random(4, index), pool, worlds })
    if (fuzzCase.type === 'request' && canBeSent(fuzzCase.draft)) drafts.push(fuzzCase.draft)
  }
  return drafts
}

async function compare(drafts: readonly Draft[]): Promise<ReadonlyMap<string, number>> {
  const codes = new Map<string, number>()
  for (const draft of drafts) {
    const outcomes = await Promise.all(running.map((one) => outcomeOf(one, draft)))
    const [first] = outcomes
    for (const [index, { name }] of running.entries()) {
      if (name === 'Fetch' && !fitsWebRequest(draft)) continue
      expect(outcomes[index], `${name} about ${JSON.stringify(draft)}`).toEqual(first)
    }
    const code = typeof first === 'string' ? first : 'ok'
    codes.set(code, (codes.get(code) ?? 0) + 1)
  }
  return codes
}

describe('all adapters agree', () => {
  test('about honest requests, and on what they tell the handler', async () => {
    const live = pool.requests.filter(({ draft, chain }) => chain.isLive && canBeSent(draft))
    const codes = await compare(live.slice(0, 40).map(({ draft }) => copyDraft(draft)))
    expect(codes.get('ok')).toBeGreaterThan(15)
  })

  test('about requests that were changed or forged', async () => {
    const codes = await compare(changedDrafts(120))
    expect(codes.size).toBeGreaterThan(12)
    expect(codes.has('internal_error')).toBe(false)
  })
})
