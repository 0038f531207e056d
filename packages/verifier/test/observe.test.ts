import { serializeSignatureKey } from '@behalf/http-signature'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  createMemoryReplayStore,
  createMemoryUseCounter,
  createRequestVerifier,
  type IncomingRequest,
  type RequestObserver,
  VerifierError,
} from '../src/index.ts'
import { agentC, stranger } from './support/agents.ts'
import { makeRequest } from './support/b0.ts'
import { makeChain, NOW } from './support/chain.ts'
import { codeOf, makeList, makeObserver, makeStatusSource, makeWorld } from './support/world.ts'

const chain = await makeChain()
const b0 = (): Promise<IncomingRequest> => makeRequest(chain)
const once = (): Promise<IncomingRequest> =>
  makeChain([{ maxUses: 1 }, {}, {}]).then((links) => makeRequest(links))

async function observedCode(observer: RequestObserver<unknown>, request: IncomingRequest): Promise<string> {
  const { refusal } = await observer.verify(request)
  return refusal?.code ?? 'ok'
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('an observing verifier', () => {
  test('tells of an accepted request what one that enforces tells', async () => {
    const request = { ...(await b0()), requestId: 'given' }
    const { observer, reported, records } = makeObserver()
    const { verified, refusal, requestId } = await observer.verify(request)
    expect(verified).toEqual(await makeWorld().verifier.verify(request))
    expect(refusal).toBeUndefined()
    expect(requestId).toBe('given')
    expect(reported).toEqual([])
    expect(records).toEqual([
      expect.objectContaining({ decision: 'accepted', mode: 'observe', code: 'ok', requestId: 'given' }),
    ])
  })

  test('tells of any other its code and nothing that could be taken for verified', async () => {
    const { observer, reported, records } = makeObserver({
      statusSource: makeStatusSource(await makeList([102])),
    })
    const observation = await observer.verify({ ...(await b0()), requestId: 'given' })
    expect(observation).toEqual({ refusal: expect.any(VerifierError), requestId: 'given' })
    expect(observation.refusal).toMatchObject({ code: 'credential_revoked', link: 2 })
    // @ts-expect-error -- as long as nobody looked, there may be no verified request
    expect(() => observation.verified.principal).toThrow(TypeError)
    const record = {
      time: NOW,
      requestId: 'given',
      decision: 'observed',
      mode: 'observe',
      code: 'credential_revoked',
      method: 'POST',
      origin: 'https://api.test',
      path: '/v1/items',
      agent: agentC.did,
      principal: expect.objectContaining({ id: 'person-7' }),
      delegations: expect.any(Array),
      workflow: expect.any(Object),
    }
    expect(records).toEqual([{ ...record, evidence: expect.any(Object) }])
    expect(reported).toEqual([{ record, refusal: observation.refusal }])
  })

  test('gives a request id of its own where no adapter gave one', async () => {
    const { observer } = makeObserver()
    const bare = { ...(await b0()), headers: [['Host', 'api.test']] as const }
    expect((await observer.verify(bare)).requestId).toMatch(/^[0-9A-Z]{26}$/)
  })

  test.each([
    ['mapPrincipal', { mapPrincipal: () => Promise.reject(new Error('down')) }, 'forbidden'],
    [
      'a status source',
      { statusSource: { ...makeStatusSource(undefined), read: fail } },
      'status_unavailable',
    ],
    ['a replay store', { replayStore: { claim: fail } }, 'replay_store_unavailable'],
    ['an audit sink', { auditSink: { record: fail } }, 'audit_unavailable'],
    ['a clock', { clock: () => Number.NaN }, 'clock_unsynchronized'],
  ] as const)('never throws because of %s that fails', async (_what, changes, code) => {
    const { observer, faults } = makeObserver<unknown>(changes)
    expect(await observedCode(observer, await b0())).toBe(code)
    expect(faults.map((fault) => fault.code)).toContain(code)
  })

  test('never throws because of a body that fails', async () => {
    const { observer, faults } = makeObserver()
    const body = (): Promise<never> => Promise.reject(new Error('broken'))
    expect(await observedCode(observer, { ...(await b0()), body })).toBe('internal_error')
    expect(faults).toHaveLength(1)
  })

  test('never throws because nobody can be told', async () => {
    const { observer, faults } = makeObserver({ reportObservation: fail, auditSink: { record: fail } })
    const request = await makeRequest(chain, { signer: stranger })
    expect(await observedCode(observer, request)).toBe('key_mismatch')
    expect(faults.map(({ code, cause }) => [code, String(cause)])).toEqual([
      ['internal_error', 'Error: down'],
      ['audit_unavailable', 'Error: down'],
    ])
  })

  test('writes a line for each, where nothing else was asked for', async () => {
    const lines: unknown[] = []
    vi.spyOn(console, 'warn').mockImplementation((line) => lines.push(line))
    const clock = (): number => NOW
    const observer = createRequestVerifier({
      mode: 'observe',
      origins: ['https://api.test'],
      trustedIssuers: [stranger.did],
      statusSource: makeStatusSource(undefined),
      replayStore: createMemoryReplayStore({ clock }),
      useCounter: createMemoryUseCounter({ clock }),
      clock,
    })
    await observer.verify({ ...(await b0()), requestId: 'given' })
    expect(lines).toEqual([
      expect.stringMatching(/^behalf would refuse: \{"code":"issuer_untrusted".*"given"/),
    ])
  })

  test('tells nobody in the mode that enforces', async () => {
    const told: unknown[] = []
    const world = makeWorld({ mode: 'enforce', reportObservation: (record) => told.push(record) })
    expect(await codeOf(await makeRequest(chain, { signer: stranger }), world)).toBe('key_mismatch')
    expect(told).toEqual([])
    expect(world.records).toEqual([expect.not.objectContaining({ mode: expect.anything() })])
  })

  test.each(['Observe', 'off', '', false, null])('is not made by the mode %j', (mode) => {
    // @ts-expect-error -- a caller without types
    expect(() => makeWorld({ mode })).toThrow(TypeError)
  })

  test('offers no agent to name its chain, since it would not be told of a miss', async () => {
    const [leaf = '', ...ancestors] = chain.toReversed()
    const signatureKey = serializeSignatureKey('sig', { scheme: 'jwt', jwt: leaf, cache: true })
    const request = await makeRequest([...ancestors.toReversed(), leaf], { signatureKey })
    const changes = { chainCache: { offerReferences: true } }
    expect((await makeWorld(changes).verifier.verify(request)).answerHeaders).toHaveLength(1)
    expect((await makeObserver(changes).observer.verify(request)).verified?.answerHeaders).toEqual([])
  })

  test('trusts an issuer no longer than told', async () => {
    const { observer } = makeObserver()
    expect(await observedCode(observer, await b0())).toBe('ok')
    observer.distrustIssuer((await observer.verify(await b0())).verified?.principal.issuer ?? stranger.did)
    expect(await observedCode(observer, await b0())).toBe('issuer_untrusted')
  })
})

describe('what an observing verifier claims and counts', () => {
  const clock = (): number => NOW
  const shared = {
    replayStore: createMemoryReplayStore({ clock: () => NOW - 60_000 }),
    useCounter: createMemoryUseCounter({ clock }),
  }

  test('reports a replay, and uses up no nonce of a verifier on the same store', async () => {
    const request = await b0()
    const { observer } = makeObserver(shared)
    const world = makeWorld(shared)
    expect(await observedCode(observer, request)).toBe('ok')
    expect(await observedCode(observer, request)).toBe('nonce_replayed')
    expect(await codeOf(request, world)).toBe('ok')
    expect(await codeOf(request, world)).toBe('nonce_replayed')
  })

  test('reports a used-up delegation, and uses up none', async () => {
    const { observer } = makeObserver(shared)
    const world = makeWorld(shared)
    expect(await observedCode(observer, await once())).toBe('ok')
    expect(await observedCode(observer, await once())).toBe('budget_exceeded')
    expect(await codeOf(await once(), world)).toBe('ok')
    expect(await codeOf(await once(), world)).toBe('budget_exceeded')
  })
})

function fail(): never {
  throw new Error('down')
}
