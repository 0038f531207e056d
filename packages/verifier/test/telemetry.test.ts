import type { Attributes, Context, Span, SpanOptions, Tracer } from '@opentelemetry/api'
import { trace } from '@opentelemetry/api'
import { describe, expect, test } from 'vitest'
import {
  type AuditRecord,
  createMemoryReplayStore,
  type MeasuredDecision,
  type VerifierMeter,
  type VerifierState,
} from '../src/index.ts'
import { createVerifierMetrics } from '../src/metrics.ts'
import { agentC, issuer } from './support/agents.ts'
import { addLines, makeRequest } from './support/b0.ts'
import { makeChain, NOW } from './support/chain.ts'
import { makeList, makeObserver, makeStatusSource, makeWorld } from './support/world.ts'

const chain = await makeChain()
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SENDER = `00-${TRACE}-00f067aa0ba902b7-01`
const OWN = '1111111111111111'

interface Made {
  readonly name: string
  readonly parent: string | undefined
  readonly attributes: Attributes
  status: number
  ended: number
}

/** A tracer that writes down what it is told. */
function createTracer(): { readonly tracer: Tracer; readonly spans: Made[] } {
  const spans: Made[] = []
  const startSpan = (name: string, options?: SpanOptions, context?: Context): Span => {
    const sender = context && trace.getSpanContext(context)
    const made: Made = {
      name,
      parent: sender?.spanId,
      attributes: { kind: options?.kind },
      status: 0,
      ended: 0,
    }
    spans.push(made)
    const told: Partial<Span> = {
      spanContext: () => ({ traceId: sender?.traceId ?? TRACE, spanId: OWN, traceFlags: 1 }),
      setAttributes: (attributes) => {
        Object.assign(made.attributes, attributes)
        return told as Span
      },
      setStatus: ({ code }) => {
        made.status = code
        return told as Span
      },
      end: () => {
        made.ended += 1
      },
    }
    return told as Span
  }
  return { tracer: { startSpan, startActiveSpan: () => undefined as never }, spans }
}

/** A meter that writes down what it is told. */
function createMeter(): VerifierMeter & {
  readonly decisions: MeasuredDecision[]
  readonly states: VerifierState[]
} {
  const [decisions, states]: [MeasuredDecision[], VerifierState[]] = [[], []]
  return {
    decisions,
    states,
    decided: (decision) => void decisions.push(decision),
    watch: (state) => void states.push(state),
  }
}

describe('the trace of a request', () => {
  test('is on record as the sender said, where there is no tracer', async () => {
    const { verifier, records } = makeWorld()
    await verifier.verify(await makeRequest(chain, { headers: [['Traceparent', SENDER]] }))
    await verifier.verify(await makeRequest(chain))
    await verifier.verify(await makeRequest(chain, { headers: [['traceparent', 'nonsense']] }))
    const twice = addLines(await makeRequest(chain), ['traceparent', SENDER], ['traceparent', SENDER])
    await verifier.verify(twice).catch(() => undefined)
    expect(records.map((record) => record.traceparent)).toEqual([SENDER, undefined, undefined, undefined])
  })

  test('goes on in a span of the decision, which is on record', async () => {
    const { tracer, spans } = createTracer()
    const { verifier, records } = makeWorld({ tracer })
    const { requestId } = await verifier.verify(
      await makeRequest(chain, { headers: [['traceparent', SENDER]] }),
    )
    expect(records.map(({ traceparent }) => traceparent)).toEqual([`00-${TRACE}-${OWN}-01`])
    expect(spans).toEqual([
      {
        name: 'behalf.verify',
        parent: '00f067aa0ba902b7',
        attributes: {
          kind: 1,
          'behalf.request_id': requestId,
          'behalf.decision': 'accepted',
          'behalf.code': 'ok',
          'http.request.method': 'POST',
          'server.address': 'https://api.test',
          'behalf.agent': agentC.did,
          'behalf.delegation': expect.stringMatching(/^urn:uuid:/u),
          'behalf.links': 3,
        },
        status: 0,
        ended: 1,
      },
    ])
  })

  test('ends with a refusal, and is an error only where the API itself failed', async () => {
    const { tracer, spans } = createTracer()
    const refusing = makeWorld({ tracer, statusSource: makeStatusSource(await makeList(), [agentC.did]) })
    const broken = {
      claim: () => {
        throw new Error('gone')
      },
    }
    const failing = makeWorld({ tracer, replayStore: broken })
    await refusing.verifier.verify(await makeRequest(chain)).catch(() => undefined)
    await failing.verifier.verify(await makeRequest(chain)).catch(() => undefined)
    await failing.verifier
      .verify({ ...(await makeRequest(chain)), method: 'no method' })
      .catch(() => undefined)
    expect(spans.map(({ attributes, status, ended }) => [attributes['behalf.code'], status, ended])).toEqual([
      ['key_revoked', 0, 1],
      ['replay_store_unavailable', 2, 1],
      [expect.any(String), 0, 1],
    ])
    expect(spans.map(({ attributes }) => attributes['behalf.decision'])).toEqual([
      'refused',
      'refused',
      'refused',
    ])
    expect(spans[2]?.attributes).not.toHaveProperty('behalf.agent')
  })
})

describe('a meter', () => {
  test('is told of each decision and how long it took', async () => {
    const meter = createMeter()
    const time = { now: 0 }
    const { verifier } = makeWorld({
      meter,
      monotonicClock: () => time.now,
      mapPrincipal: () => {
        time.now += 250
        return 'account'
      },
    })
    const request = await makeRequest(chain)
    await verifier.verify(request)
    await verifier.verify(request).catch(() => undefined)
    const { observer } = makeObserver({ meter })
    await observer.verify({ ...(await makeRequest(chain)), headers: [] })
    expect(meter.decisions).toEqual([
      { decision: 'accepted', code: 'ok', seconds: 0.25 },
      { decision: 'refused', code: 'nonce_replayed', seconds: 0.25 },
      { decision: 'observed', code: expect.any(String), seconds: expect.any(Number) },
    ])
  })

  test('that throws, or a tracer that does, changes no decision and is a fault', async () => {
    const fail = (): never => {
      throw new Error('the meter is broken')
    }
    const meter = { ...createMeter(), decided: fail }
    const tracer = { startSpan: fail, startActiveSpan: fail }
    const { verifier, faults } = makeWorld({ meter, tracer })
    await expect(verifier.verify(await makeRequest(chain))).resolves.toMatchObject({ agent: agentC.did })
    const refused = verifier.verify({ ...(await makeRequest(chain)), target: '/else' })
    await expect(refused).rejects.not.toMatchObject({ code: 'internal_error' })
    expect(faults.map(({ code }) => code)).toEqual(Array.from({ length: 4 }, () => 'internal_error'))
  })

  test('can look at the age of the status, the cache and the nonces at any time', async () => {
    const meter = createMeter()
    const world = makeWorld({ meter })
    await world.verifier.verify(await makeRequest(chain))
    await world.verifier.verify(await makeRequest(chain))
    world.now = NOW + 90_000
    const [state] = meter.states
    expect([state?.cachedChains(), state?.replayEntries()]).toEqual([1, 2])
    expect([...(state?.statusAges() ?? [])]).toEqual([[issuer.did, 90]])
    const silent = createMeter()
    const statusSource = {
      ...makeStatusSource(undefined),
      read: () => {
        throw new Error('nothing is held')
      },
    }
    const replayStore = { claim: () => true }
    makeWorld({ meter: silent, statusSource, replayStore, chainCache: 'off' })
    makeWorld({ meter: silent, statusSource: { ...statusSource, heldTime: () => NOW - 60_000 - 40_000 } })
    expect(silent.states.map((one) => [one.replayEntries(), [...one.statusAges()]])).toEqual([
      [undefined, []],
      [0, [[issuer.did, expect.closeTo(100, 5)]]],
    ])
    expect(silent.states[0]?.cachedChains()).toBe(0)
  })
})

describe('the metrics of a verifier', () => {
  test('are what happened, in the text format of Prometheus', async () => {
    const shipper = { waiting: () => 3, dropped: () => 1, setAside: () => 2 }
    const meter = createVerifierMetrics({ shipper })
    const { verifier } = makeWorld({ meter, monotonicClock: () => 0 })
    const request = await makeRequest(chain)
    await verifier.verify(request)
    await verifier.verify(request).catch(() => undefined)
    const text = await meter.registry.metrics()
    for (const line of [
      'behalf_verifier_decisions_total{decision="accepted",code="ok"} 1',
      'behalf_verifier_decisions_total{decision="refused",code="nonce_replayed"} 1',
      'behalf_verifier_decision_seconds_count{decision="accepted"} 1',
      'behalf_verifier_decision_seconds_bucket{le="0.00025",decision="refused"} 1',
      'behalf_verifier_cached_chains 1',
      'behalf_verifier_replay_entries 1',
      `behalf_verifier_status_age_seconds{issuer="${issuer.did}"} 0`,
      'behalf_verifier_audit_waiting 3',
      'behalf_verifier_audit_dropped 1',
      'behalf_verifier_audit_set_aside 2',
    ]) {
      expect(text.split('\n')).toContain(line)
    }
  })

  test('of several verifiers are one, and a code that nobody knows adds no row', async () => {
    const meter = createVerifierMetrics()
    const replayStore = createMemoryReplayStore({ clock: () => NOW - 60_000 })
    for (const world of [makeWorld({ meter, replayStore }), makeWorld({ meter, replayStore })]) {
      await world.verifier.verify(await makeRequest(chain))
    }
    const odd = { decision: 'refused', seconds: 1, code: 'made_up' } as unknown as AuditRecord
    meter.decided({ ...odd, seconds: 1 })
    const text = await meter.registry.metrics()
    expect(text).toContain('behalf_verifier_cached_chains 2\n')
    expect(text).toContain('behalf_verifier_replay_entries 2\n')
    expect(text).toContain('code="internal_error"} 1')
    expect(text).not.toContain('made_up')
  })
})
