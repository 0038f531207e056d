import { type StatusPurpose, suspensionListUrl } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import {
  createStatusSource,
  dangerouslyAllowUnencryptedHttp,
  type PollingStatusSource,
  type StatusMark,
  type StatusSnapshot,
  type StatusSourceOptions,
  type StatusState,
  VerifierError,
} from '../src/index.ts'
import { agentA, agentB, issuer, otherIssuer } from './support/agents.ts'
import { LIST_URL, NOW } from './support/chain.ts'
import {
  HEARTBEAT_URL,
  type ManualTimer,
  makeStatusServer,
  makeTimer,
  type StatusServer,
} from './support/status-server.ts'

interface Setup {
  readonly server: StatusServer
  readonly source: PollingStatusSource
  readonly timer: ManualTimer
  readonly faults: VerifierError[]
  now: number
}

/** An issuer that serves one list and its heartbeat, and a source that asks it. */
async function setUp(changes: Partial<StatusSourceOptions> = {}): Promise<Setup> {
  const server = makeStatusServer()
  await server.publishList({ revoked: [7] })
  await server.publishHeartbeat()
  const timer = makeTimer()
  const faults: VerifierError[] = []
  const setup = { server, timer, faults, now: NOW }
  const source = createStatusSource({
    issuers: [{ did: issuer.did, url: HEARTBEAT_URL }],
    fetch: server.fetch,
    clock: () => setup.now,
    setTimer: timer.setTimer,
    reportFault: (fault) => {
      faults.push(fault)
    },
    ...changes,
  })
  return Object.assign(setup, { source })
}

function read(source: PollingStatusSource, did: string = issuer.did): StatusSnapshot | string {
  try {
    return source.read(did)
  } catch (error) {
    if (error instanceof VerifierError) return error.code
    throw error
  }
}

const isRevoked = (source: PollingStatusSource, index: number): boolean | undefined =>
  source.read(issuer.did).lists(LIST_URL)?.isSet(index)

/** Everything that waits for nothing outside this process has happened. */
async function settle(): Promise<void> {
  for (let round = 0; round < 20; round += 1) await new Promise(setImmediate)
}

/** Keeps marks like a database would. */
function makeState(initial?: StatusMark): StatusState & { readonly saved: StatusMark[] } {
  const saved: StatusMark[] = initial === undefined ? [] : [initial]
  return {
    saved,
    load: () => saved.at(-1),
    save: (_did, mark) => {
      saved.push(mark)
    },
  }
}

describe('a status source', () => {
  test('gives what the issuer signed', async () => {
    const { source, server } = await setUp()
    await server.publishHeartbeat({ revokedKeys: [agentA.did] })
    await source.ready()
    const snapshot = source.read(issuer.did)
    expect(snapshot).toMatchObject({ time: NOW, epoch: 1, sequence: 2 })
    expect([snapshot.isKeyRevoked(agentA.did), snapshot.isKeyRevoked(agentB.did)]).toEqual([true, false])
    expect([isRevoked(source, 7), isRevoked(source, 8)]).toEqual([true, false])
    expect(snapshot.lists('https://authority.test/status/lists/2')).toBeUndefined()
    expect(Object.isFrozen(snapshot)).toBe(true)
  })

  test('does nothing until it is asked', async () => {
    const { source, server, timer } = await setUp()
    expect([server.asked, timer.pending]).toEqual([[], []])
    expect(read(source)).toBe('status_unavailable')
    await source.ready()
    expect(read(source)).toMatchObject({ sequence: 1 })
  })

  test('knows nothing of other issuers', async () => {
    const { source } = await setUp()
    await source.ready()
    expect(read(source, otherIssuer.did)).toBe('status_unavailable')
  })

  test('asks again after each pause and fetches a list only when it changed', async () => {
    const { source, server, timer } = await setUp()
    await source.ready()
    expect(server.asked).toEqual([HEARTBEAT_URL, LIST_URL])
    await server.publishHeartbeat()
    await settle()
    timer.fire(5000)
    await settle()
    expect(server.asked).toEqual([HEARTBEAT_URL, LIST_URL, HEARTBEAT_URL])
    await server.publishList({ version: 2, revoked: [7, 8] })
    await server.publishHeartbeat()
    timer.fire(5000)
    await settle()
    expect(server.asked.slice(3)).toEqual([HEARTBEAT_URL, LIST_URL])
    expect(isRevoked(source, 8)).toBe(true)
  })

  test('asks once more for all that ask while it asks, and never twice at once', async () => {
    const { source, server } = await setUp()
    const first = source.poll()
    await server.publishHeartbeat()
    let running = 0
    const current = server.answers.get(HEARTBEAT_URL) ?? (() => Response.error())
    server.answers.set(HEARTBEAT_URL, async () => {
      running += 1
      expect(running).toBe(1)
      await new Promise(setImmediate)
      running -= 1
      return current()
    })
    await Promise.all([source.poll(), source.poll(), source.poll(), first, source.ready()])
    expect(server.asked).toEqual([HEARTBEAT_URL, LIST_URL, HEARTBEAT_URL])
    expect(read(source)).toMatchObject({ sequence: 2 })
  })

  test('asks no more often because it is read often', async () => {
    const { source, server, timer } = await setUp()
    await source.ready()
    await settle()
    for (let count = 0; count < 10; count += 1) source.read(issuer.did)
    await source.ready()
    await settle()
    expect(server.asked).toEqual([HEARTBEAT_URL, LIST_URL])
    expect(timer.pending.map(({ milliseconds }) => milliseconds)).toEqual([5000])
  })

  test('stops when it is closed', async () => {
    const { source, timer } = await setUp()
    await source.ready()
    await settle()
    expect(timer.pending).toHaveLength(1)
    source.close()
    expect(timer.pending).toEqual([])
  })

  test('does not begin again after it was closed while asking', async () => {
    const { source, timer } = await setUp()
    const ready = source.ready()
    source.close()
    await expect(ready).rejects.toMatchObject({ code: 'status_unavailable' })
    await source.poll()
    await settle()
    expect(timer.pending).toEqual([])
  })

  test('is ready only when every issuer has answered', async () => {
    const server = makeStatusServer()
    const url = 'https://two.test/heartbeat'
    await server.publishList()
    await server.publishHeartbeat()
    const source = createStatusSource({
      issuers: [
        { did: issuer.did, url: HEARTBEAT_URL },
        { did: otherIssuer.did, url },
      ],
      fetch: server.fetch,
      clock: () => NOW,
      setTimer: makeTimer().setTimer,
      reportFault: () => undefined,
    })
    let isReady = false
    const ready = source.ready().then(() => {
      isReady = true
    })
    await source.poll()
    await settle()
    expect([isReady, typeof read(source), read(source, otherIssuer.did)]).toEqual([
      false,
      'object',
      'status_unavailable',
    ])
    const own = makeStatusServer()
    await own.publishHeartbeat({ signer: otherIssuer })
    server.answers.set(url, () => own.answers.get(HEARTBEAT_URL)?.() ?? Response.error())
    await source.poll()
    await ready
    expect(isReady).toBe(true)
  })
})

describe('a list of suspensions', () => {
  const id = suspensionListUrl(LIST_URL)
  const isSuspended = (source: PollingStatusSource, index: number): boolean | undefined =>
    source.read(issuer.did).lists(id)?.isSet(index)

  test('is held beside that of revocations', async () => {
    const { source, server } = await setUp()
    await server.publishList({ id, revoked: [8] })
    await server.publishHeartbeat()
    await source.ready()
    expect([isRevoked(source, 7), isRevoked(source, 8)]).toEqual([true, false])
    expect([isSuspended(source, 7), isSuspended(source, 8)]).toEqual([false, true])
    await server.publishList({ id, version: 2 })
    await server.publishHeartbeat()
    await source.poll()
    expect(isSuspended(source, 8)).toBe(false)
  })

  test.each<[string, string, StatusPurpose]>([
    ['of revocations in its place', id, 'revocation'],
    ['in the place of one of revocations', LIST_URL, 'suspension'],
  ])('%s is refused', async (_title, address, purpose) => {
    const { source, server } = await setUp()
    await server.publishList({ id: address, purpose })
    await server.publishHeartbeat()
    await source.poll()
    expect(read(source)).toBe('status_invalid')
  })

  test('of a lower version than before is refused, after a restart too', async () => {
    const state = makeState()
    const before = await setUp({ state })
    await before.server.publishList({ id, version: 2, revoked: [8] })
    await before.server.publishHeartbeat()
    await before.source.ready()
    const after = await setUp({ state })
    await after.server.publishList({ id, version: 1 })
    await after.server.publishHeartbeat({ sequence: 9 })
    await after.source.poll()
    expect(read(after.source)).toBe('status_rollback')
  })

  test('that is gone while the list beside it is not is refused, after a restart too', async () => {
    const state = makeState()
    const { source, server } = await setUp({ state })
    await server.publishList({ id, revoked: [8] })
    await server.publishHeartbeat()
    await source.ready()
    const after = await setUp({ state })
    await after.server.publishHeartbeat({ sequence: 9 })
    await after.source.poll()
    expect(read(after.source)).toBe('status_rollback')
    await after.server.publishHeartbeat({ sequence: 10, lists: [] })
    await after.source.poll()
    expect(read(after.source)).toMatchObject({ sequence: 10 })
  })
})

describe('freshness', () => {
  test('counts from the signed time, up to the staleness that is allowed', async () => {
    const setup = await setUp()
    await setup.source.ready()
    setup.now = NOW + 30_000
    expect(read(setup.source)).toMatchObject({ sequence: 1 })
    setup.now = NOW + 30_001
    expect(read(setup.source)).toBe('status_stale')
    setup.now = NOW - 5001
    expect(read(setup.source), 'a clock that went back makes nothing younger').toBe('status_stale')
  })

  test('counts from its arrival, too, whatever is done to the clock', async () => {
    let passed = 0
    const setup = await setUp({ monotonicClock: () => passed })
    await setup.source.ready()
    setup.now = NOW - 4000
    passed = 30_000
    expect(read(setup.source)).toMatchObject({ sequence: 1 })
    passed = 30_001
    expect(read(setup.source)).toBe('status_stale')
    await setup.server.publishHeartbeat()
    await setup.source.poll()
    expect(read(setup.source)).toMatchObject({ sequence: 2 })
  })

  test('may be chosen', async () => {
    const setup = await setUp({ maxStalenessSeconds: 2, pollSeconds: 1 })
    await setup.source.ready()
    setup.now = NOW + 2001
    expect(read(setup.source)).toBe('status_stale')
  })

  test('is not renewed by the same heartbeat again', async () => {
    const setup = await setUp()
    await setup.source.ready()
    setup.now = NOW + 31_000
    await setup.source.poll()
    expect(read(setup.source)).toBe('status_stale')
  })

  test('comes back with the issuer', async () => {
    const setup = await setUp()
    await setup.source.ready()
    setup.server.answers.set(HEARTBEAT_URL, () => Promise.reject(new Error('unreachable')))
    setup.now = NOW + 31_000
    await setup.source.poll()
    expect(read(setup.source)).toBe('status_stale')
    await setup.server.publishHeartbeat({ now: setup.now })
    await setup.source.poll()
    expect(read(setup.source)).toMatchObject({ sequence: 2 })
  })

  test('is not given by a heartbeat from the future', async () => {
    const setup = await setUp()
    await setup.server.publishHeartbeat({ now: NOW + 5001 })
    await setup.source.poll()
    expect(read(setup.source)).toBe('status_invalid')
    await setup.server.publishHeartbeat({ now: NOW + 5000 })
    await setup.source.poll()
    expect(read(setup.source)).toMatchObject({ time: NOW + 5000 })
  })

  test.each<[string, () => Response | Promise<Response>]>([
    ['an answer that nothing changed', () => new Response(null, { status: 304 })],
    ['an error', () => new Response('no', { status: 500 })],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://evil.test/' } })],
    ['an empty answer', () => new Response(null, { status: 204 })],
    ['no answer', () => Promise.reject(new TypeError('network'))],
    ['an endless answer', () => new Response(new Uint8Array(1_048_577))],
  ])('is not given by %s', async (_title, answer) => {
    const setup = await setUp()
    setup.server.answers.set(HEARTBEAT_URL, answer)
    await setup.source.poll()
    expect(read(setup.source)).toBe('status_unavailable')
    expect(setup.faults).toHaveLength(1)
  })
})

describe('what is served is refused', () => {
  const cases: [string, (server: StatusServer) => Promise<unknown>][] = [
    ['a heartbeat of another issuer', (server) => server.publishHeartbeat({ signer: otherIssuer })],
    [
      'a heartbeat under the name of the issuer, signed by another',
      (server) => server.publishHeartbeat({ signer: { ...issuer, signer: otherIssuer.signer } }),
    ],
    [
      'text that is no heartbeat',
      async (server) => server.answers.set(HEARTBEAT_URL, () => new Response('<html>')),
    ],
    [
      'bytes that are no text',
      async (server) => server.answers.set(HEARTBEAT_URL, () => new Response(new Uint8Array([0xff, 0xfe]))),
    ],
    [
      'a list of another issuer',
      async (server) => {
        await server.publishList({ signer: otherIssuer })
        await server.publishHeartbeat()
      },
    ],
    [
      'a list that has ended',
      async (server) => {
        await server.publishList({ validUntil: NOW - 30_000 })
        await server.publishHeartbeat()
      },
    ],
    [
      'a list with another version than the heartbeat says',
      async (server) => {
        const digest = await server.publishList({ version: 3 })
        await server.publishHeartbeat({ lists: [{ id: LIST_URL, version: 4, digest }] })
      },
    ],
    [
      'a list on another origin',
      async (server) => {
        await server.publishList({ id: 'https://evil.test/lists/1' })
        await server.publishHeartbeat()
      },
    ],
    [
      'a list address with a second spelling',
      async (server) => {
        const digest = await server.publishList()
        await server.publishHeartbeat({
          lists: [{ id: 'https://authority.test:443/status/lists/1', version: 1, digest }],
        })
      },
    ],
    [
      'more lists than anybody needs',
      async (server) => {
        const digest = await server.publishList()
        const lists = Array.from({ length: 1025 }, (_, index) => ({
          id: `${LIST_URL}${index}`,
          version: 1,
          digest,
        }))
        await server.publishHeartbeat({ lists })
      },
    ],
  ]

  test.each(cases)('%s', async (_title, change) => {
    const { source, server, faults } = await setUp()
    await change(server)
    await source.poll()
    expect(read(source)).toBe('status_invalid')
    expect(faults).toEqual([expect.objectContaining({ code: 'status_invalid' })])
  })

  test.each(cases)('%s, and what is held stays until it is stale', async (_title, change) => {
    const setup = await setUp()
    await setup.source.ready()
    await change(setup.server)
    await setup.source.poll()
    expect(read(setup.source)).toMatchObject({ sequence: 1 })
    expect(isRevoked(setup.source, 7)).toBe(true)
    setup.now = NOW + 31_000
    expect(read(setup.source)).toBe('status_invalid')
  })

  test('a list on another origin is not even asked for', async () => {
    const { source, server } = await setUp()
    await server.publishList({ id: 'https://evil.test/lists/1' })
    await server.publishHeartbeat()
    await source.poll()
    expect(server.asked).toEqual([HEARTBEAT_URL])
  })

  test('a list that is too large', async () => {
    const { source, server } = await setUp()
    server.answers.set(LIST_URL, () => new Response(new Uint8Array(2_097_153)))
    await source.poll()
    expect(read(source)).toBe('status_unavailable')
  })

  test('a held list that has ended is asked for again and refused', async () => {
    const setup = await setUp()
    await setup.server.publishList({ validUntil: NOW + 10_000 })
    await setup.server.publishHeartbeat()
    await setup.source.ready()
    setup.now = NOW + 20_000
    await setup.server.publishHeartbeat({ now: setup.now })
    await setup.source.poll()
    expect(read(setup.source), 'the older heartbeat is still fresh').toMatchObject({ time: NOW })
    setup.now = NOW + 31_000
    expect(read(setup.source)).toBe('status_invalid')
  })

  test('a failure is reported once, until something works again', async () => {
    const { source, server, faults } = await setUp()
    const [heartbeat] = [server.answers.get(HEARTBEAT_URL)]
    server.answers.delete(HEARTBEAT_URL)
    await source.poll()
    await source.poll()
    expect(faults).toHaveLength(1)
    server.answers.set(HEARTBEAT_URL, heartbeat ?? (() => Response.error()))
    await source.poll()
    server.answers.delete(HEARTBEAT_URL)
    await source.poll()
    expect(faults).toHaveLength(2)
  })
})

describe('a revocation between the two answers', () => {
  test('is taken by asking again', async () => {
    const { source, server } = await setUp()
    const old = server.answers.get(HEARTBEAT_URL)
    await server.publishList({ version: 2, revoked: [7, 8] })
    await server.publishHeartbeat()
    const current = server.answers.get(HEARTBEAT_URL)
    let asked = 0
    server.answers.set(HEARTBEAT_URL, () => (asked++ === 0 ? old : current)?.() ?? Response.error())
    await source.ready()
    expect(isRevoked(source, 8)).toBe(true)
    expect(server.asked).toEqual([HEARTBEAT_URL, LIST_URL, HEARTBEAT_URL, LIST_URL])
  })

  test('is asked for three times at most', async () => {
    const { source, server } = await setUp()
    const old = server.answers.get(HEARTBEAT_URL) ?? (() => Response.error())
    await server.publishList({ version: 2 })
    server.answers.set(HEARTBEAT_URL, old)
    await source.poll()
    expect(server.asked).toHaveLength(6)
    expect(read(source)).toBe('status_invalid')
  })
})

describe('what went back', () => {
  const rollbacks: [string, (server: StatusServer) => Promise<unknown>][] = [
    ['the sequence', (server) => server.publishHeartbeat({ epoch: 2, sequence: 9, now: NOW + 1 })],
    ['the epoch', (server) => server.publishHeartbeat({ epoch: 1, sequence: 99, now: NOW + 1 })],
    ['the signed time', (server) => server.publishHeartbeat({ epoch: 2, sequence: 11, now: NOW - 1 })],
    [
      'the version of a list',
      async (server) => {
        await server.publishList({ version: 4 })
        await server.publishHeartbeat({ epoch: 2, sequence: 11, now: NOW + 1 })
      },
    ],
  ]

  async function ahead(changes: Partial<StatusSourceOptions> = {}): Promise<Setup> {
    const setup = await setUp(changes)
    await setup.server.publishList({ version: 5, revoked: [7] })
    await setup.server.publishHeartbeat({ epoch: 2, sequence: 10 })
    return setup
  }

  test.each(rollbacks)('%s is not believed', async (_title, change) => {
    const setup = await ahead()
    await setup.source.ready()
    await change(setup.server)
    await setup.source.poll()
    expect(read(setup.source)).toMatchObject({ epoch: 2, sequence: 10, time: NOW })
    setup.now = NOW + 31_000
    expect(read(setup.source)).toBe('status_rollback')
  })

  test.each(rollbacks)('%s is not believed after a restart', async (_title, change) => {
    const state = makeState()
    const first = await ahead({ state })
    await first.source.ready()
    expect(state.saved).toEqual([{ epoch: 2, sequence: 10, time: NOW, versions: { [LIST_URL]: 5 } }])
    await change(first.server)
    const second = await setUp({ state, fetch: first.server.fetch })
    await second.source.poll()
    expect(read(second.source)).toBe('status_rollback')
  })

  test('what goes forward is believed: a new epoch may begin at any sequence', async () => {
    const setup = await ahead()
    await setup.source.ready()
    await setup.server.publishHeartbeat({ epoch: 3, sequence: 1, now: NOW + 1 })
    await setup.source.poll()
    expect(read(setup.source)).toMatchObject({ epoch: 3, sequence: 1 })
  })

  test('the version of a list that was gone for a while counts', async () => {
    const setup = await ahead()
    await setup.source.ready()
    await setup.server.publishHeartbeat({ epoch: 2, sequence: 11, lists: [] })
    await setup.source.poll()
    expect(read(setup.source)).toMatchObject({ sequence: 11 })
    expect(setup.source.read(issuer.did).lists(LIST_URL)).toBeUndefined()
    await setup.server.publishList({ version: 4 })
    await setup.server.publishHeartbeat({ epoch: 2, sequence: 12 })
    await setup.source.poll()
    expect(read(setup.source)).toMatchObject({ sequence: 11 })
  })

  test('a mark that cannot be kept is not acted upon', async () => {
    const save = (): never => {
      throw new Error('disk full')
    }
    const { source, faults } = await setUp({ state: { load: () => undefined, save } })
    await source.poll()
    expect(read(source)).toBe('status_unavailable')
    expect(faults).toHaveLength(1)
  })
})

describe('an answer that is late', () => {
  test('is given up after the time allowed, though the stream stays open', async () => {
    const { source, server, timer } = await setUp({ timeoutSeconds: 3 })
    server.answers.set(
      HEARTBEAT_URL,
      () => new Response(new ReadableStream({ pull: () => new Promise(() => undefined) })),
    )
    const poll = source.poll()
    await new Promise(setImmediate)
    timer.fire(3000)
    await poll
    expect(read(source)).toBe('status_unavailable')
  })

  test('is called off at its source', async () => {
    let isAborted = false
    const { source, timer } = await setUp({
      fetch: (_url, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            isAborted = true
            reject(new Error('aborted'))
          })
        }),
    })
    const poll = source.poll()
    timer.fire(4000)
    await poll
    expect(isAborted).toBe(true)
    expect(timer.pending).toEqual([])
  })
})

describe('options', () => {
  const one = { did: issuer.did, url: HEARTBEAT_URL }

  test('name at least one issuer, by DID and a safe address', () => {
    expect(() => createStatusSource({ issuers: [] })).toThrow(TypeError)
    expect(() => createStatusSource({ issuers: [{ ...one, url: 'http://authority.test/' }] })).toThrow(
      TypeError,
    )
    expect(() => createStatusSource({ issuers: [{ ...one, url: 'authority' }] })).toThrow(TypeError)
    expect(() => createStatusSource({ issuers: [{ ...one, did: 'did:web:a.test' }] })).toThrow(TypeError)
  })

  test.each(['pollSeconds', 'maxStalenessSeconds', 'timeoutSeconds'])(
    'give %s as a positive number',
    (name) => {
      for (const value of [0, -1, Number.NaN]) {
        expect(() => createStatusSource({ issuers: [one], [name]: value })).toThrow(name)
      }
    },
  )

  test('may allow what is not safe, and issuers whose keys come from elsewhere', () => {
    const url = 'http://authority.test/'
    expect(() =>
      createStatusSource({ issuers: [{ ...one, url }], [dangerouslyAllowUnencryptedHttp]: true }),
    ).not.toThrow()
    expect(() =>
      createStatusSource({ issuers: [{ ...one, did: 'did:web:a.test' }], issuerKeys: () => undefined }),
    ).not.toThrow()
  })
})

describe('a revoked key of the issuer', () => {
  test('is remembered, whatever is signed with it later, and after a restart', async () => {
    const state = makeState()
    const { source, server } = await setUp({ state })
    await source.ready()
    expect(source.isIssuerKeyRevoked?.(issuer.kid)).toBe(false)
    await server.publishHeartbeat({ revokedIssuerKeys: [issuer.kid] })
    await source.poll()
    expect(source.isIssuerKeyRevoked?.(issuer.kid)).toBe(true)
    expect(source.isIssuerKeyRevoked?.(otherIssuer.kid)).toBe(false)
    await server.publishHeartbeat()
    await source.poll()
    expect([read(source), source.isIssuerKeyRevoked?.(issuer.kid)]).toEqual([
      expect.objectContaining({ sequence: 3 }),
      true,
    ])
    const later = await setUp({ state })
    expect(later.source.isIssuerKeyRevoked?.(issuer.kid)).toBe(true)
  })
})
