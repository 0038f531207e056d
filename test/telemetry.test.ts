import { createAuthorityLog } from '@behalf/authority'
import { encodeBase64, encodeBase64url, encodeHex } from '@behalf/core'
import { createVerifierMetrics } from '@behalf/verifier/metrics'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { runWithSecrets, type SecretRun } from './support/secret-run.ts'
import { findSecrets } from './support/wire-secrets.ts'
import { openWorld, type World } from './support/world.ts'

const CANARIES = { body: 'canary-in-a-body', query: 'canary-in-a-query', bearer: 'canary-in-a-header' }
const SEED = new Uint8Array(32).map((_, index) => index * 7 + 3)

/** Everything that a fetch sent, to be looked for where it must not be. */
interface Sent {
  readonly headers: Headers
}

const exporter = new InMemorySpanExporter()
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
const tracer = provider.getTracer('test')
const meter = createVerifierMetrics()
const lines: string[] = []
const sent: Sent[] = []
let world: World
let agent: Wallet
let requestId: string
let exposed: string

const remember: typeof globalThis.fetch = async (url, init) => {
  sent.push({ headers: new Headers(init?.headers) })
  return await fetch(url, init)
}

beforeAll(async () => {
  for (const name of ['log', 'info', 'warn', 'error'] as const) {
    vi.spyOn(console, name).mockImplementation(
      (...told: unknown[]) => void lines.push(told.map(String).join(' ')),
    )
  }
  world = await openWorld({
    tracer,
    meter,
    reports: true,
    log: createAuthorityLog((line) => void lines.push(line)),
  })
  agent = createMemoryWallet({ seed: SEED, tracer, fetch: remember })
  await world.grant(agent, { paths: ['/projects/**'] })
  requestId = await call('/projects/1')
  await makeTrouble()
  exposed = `${await meter.registry.metrics()}${await world.operator.authority(world.authority).readMetrics()}`
}, 60_000)
afterAll(async () => {
  await world.end()
  vi.restoreAllMocks()
})

async function call(path: string, init: RequestInit = {}): Promise<string> {
  const response = await agent.fetch(`${world.api}${path}`, init)
  await response.body?.cancel()
  return response.headers.get('request-id') ?? ''
}

/** Requests of every kind, each with something in it that nobody should find again. */
async function makeTrouble(): Promise<void> {
  const { body, query, bearer } = CANARIES
  await call(`/projects/2?secret=${query}`, { method: 'POST', body, headers: { authorization: bearer } })
  const [first] = sent.filter(({ headers }) => headers.get('signature-input')?.includes('agent-delegation'))
  const copied = Object.fromEntries(first?.headers ?? [])
  const sends: readonly (readonly [string, RequestInit])[] = [
    [`${world.api}/projects/1`, { headers: copied }],
    [`${world.api}/projects/3?secret=${query}`, { headers: copied }],
    [`${world.api}/projects/4`, { method: 'POST', body, headers: { ...copied, authorization: bearer } }],
    [`${world.authority}/${query}?secret=${query}`, { headers: { authorization: bearer } }],
    [`${world.authority}/delegation-requests`, { method: 'POST', body, headers: copied }],
    [
      `${world.authority}/audit/records`,
      { method: 'POST', body, headers: { 'content-type': 'application/json' } },
    ],
    [`${world.authority}/log/entries`, { method: 'PURGE' }],
  ]
  for (const [url, init] of sends) await (await fetch(url, init)).body?.cancel()
  await agent.fetch(`${world.api}/elsewhere`).then((response) => response.body?.cancel())
  await createMemoryWallet({ tracer })
    .authority('http://127.0.0.1:1')
    .describe()
    .catch(() => undefined)
}

function spansOf(name: string): ReturnType<InMemorySpanExporter['getFinishedSpans']> {
  return exporter.getFinishedSpans().filter((span) => span.name.startsWith(name))
}

describe('a trace', () => {
  test('leads from the wallet through the verifier, and is on record at the authority', async () => {
    const [asked] = spansOf('behalf.fetch GET').filter(
      ({ attributes }) => attributes['behalf.request_id'] === requestId,
    )
    const [verified] = spansOf('behalf.verify')
    expect(verified?.attributes['behalf.request_id']).toBe(requestId)
    expect(verified?.parentSpanContext?.spanId).toBe(asked?.spanContext().spanId)
    expect(verified?.spanContext().traceId).toBe(asked?.spanContext().traceId)
    const entries = await world.operator
      .authority(world.authority)
      .listLogEntries({ about: `request:${requestId}`, from: 0, limit: 1 })
    const { traceId, spanId } = verified?.spanContext() ?? {}
    expect(entries.map(({ record }) => (JSON.parse(record) as { traceparent: string }).traceparent)).toEqual([
      `00-${traceId}-${spanId}-01`,
    ])
  })

  test('leads from the wallet and from the API into the authority', () => {
    const parents = (name: string): readonly unknown[] =>
      spansOf(name).map(({ parentSpanContext }) => parentSpanContext?.spanId)
    const ids = (name: string): readonly unknown[] => spansOf(name).map((span) => span.spanContext().spanId)
    const [asked] = spansOf('POST /delegation-requests')
    expect(ids('behalf.fetch POST')).toContain(asked?.parentSpanContext?.spanId)
    const reported = ids('behalf.report')
    expect(reported.length).toBeGreaterThan(0)
    expect(parents('POST /audit/records').filter((parent) => reported.includes(parent))).toEqual(reported)
  })

  test('leads from what the authority put on record', async () => {
    const [asked] = spansOf('POST /delegation-requests')
    const entries = await world.operator
      .authority(world.authority)
      .listLogEntries({ about: 'type:requested', from: 0, limit: 10 })
    const { traceId, spanId } = asked?.spanContext() ?? {}
    expect(entries.map(({ record }) => (JSON.parse(record) as { traceparent: string }).traceparent)).toEqual([
      `00-${traceId}-${spanId}-01`,
    ])
    // What belongs to no call has none.
    const [key] = await world.operator
      .authority(world.authority)
      .listLogEntries({ about: 'type:key_logged', from: 0, limit: 1 })
    expect(key?.record).not.toContain('traceparent')
  })

  test('of a call that fails says so', () => {
    const [failed] = exporter.getFinishedSpans().filter(({ attributes }) => attributes['error.type'])
    expect([failed?.status.code, failed?.attributes['server.address']]).toEqual([2, 'http://127.0.0.1:1'])
  })
})

describe('the metrics', () => {
  test('say what happened at the API and at the authority', () => {
    for (const part of [
      /^behalf_verifier_decisions_total\{decision="accepted",code="ok"\} 2$/mu,
      /^behalf_verifier_decisions_total\{decision="refused",code="nonce_replayed"\} 1$/mu,
      /^behalf_verifier_status_age_seconds\{issuer="did:key:[^"]+"\} [\d.]+$/mu,
      /^behalf_authority_answers_total\{method="POST",route="\/delegation-requests",status="201",code="ok"\} 1$/mu,
      /^behalf_authority_answers_total\{method="other",route="\(none\)",status="404",code="not_found"\} 1$/mu,
      /^behalf_authority_log_entries [1-9]\d+$/mu,
      /^behalf_authority_status_age_seconds [\d.]+$/mu,
      /^behalf_authority_replay_entries [1-9]\d*$/mu,
      /^behalf_authority_status_readers 0$/mu,
      /^behalf_authority_answer_seconds_bucket\{le="\+Inf",method="GET",route="\/status\/heartbeat"\} [1-9]/mu,
    ]) {
      expect(exposed).toMatch(part)
    }
  })

  test('have no label with a value that a request chose', () => {
    const values = [...exposed.matchAll(/(\w+)="([^"]*)"/gu)].filter(([, name]) => name !== 'le')
    const known: Readonly<Record<string, RegExp>> = {
      decision: /^(?:accepted|refused|observed)$/u,
      code: /^[a-z_]+$/u,
      issuer: new RegExp(`^${world.issuer}$`, 'u'),
      method: /^(?:GET|POST|PUT|DELETE|other)$/u,
      route: /^(?:\/[a-z/.{}-]+|\(none\))$/u,
      status: /^\d{3}$/u,
    }
    expect(values.length).toBeGreaterThan(20)
    for (const [, name = '', value = ''] of values)
      expect([name, value]).toEqual([name, expect.stringMatching(known[name] ?? /^$/u)])
  })
})

describe('what operators read', () => {
  test('has no key, token, body or signature in it', () => {
    const spans = exporter.getFinishedSpans().map(({ name, attributes, events, status }) => ({
      name,
      attributes,
      events,
      status,
    }))
    const told = [...lines, JSON.stringify(spans), exposed].join('\n')
    expect([lines.length > 10, spans.length > 10]).toEqual([true, true])
    const secrets = [...listSecrets()]
    expect(secrets.length).toBeGreaterThan(20)
    for (const secret of secrets) expect(told).not.toContain(secret)
    // No JWS of any kind, whole or cut.
    expect(told).not.toMatch(/eyJ[\w-]{10}/u)
  })
})

describe('what operators read of people, tokens and tools', () => {
  /** Of each of these something went over the wire, so a run that leaves one out is no run. */
  const KINDS = [
    'JWS in a body',
    'JWS in a subject token',
    'access token',
    'answer of a passkey',
    'argument of a tool',
    'credential',
    'nonce',
    'one-time code',
    'private key',
    'proof at an API',
    'proof at the token endpoint',
    'session cookie',
    'signature',
    'signature base',
    'signature in a body',
    'subject token',
    'token after Bearer',
    'token after DPoP',
    'token of a form',
    'token of a workload',
    'token that is asked about',
  ]
  let run: SecretRun
  beforeAll(async () => {
    run = await runWithSecrets()
  }, 60_000)

  test('has nothing in it that was secret on the way', () => {
    expect([...run.secrets.keys()].toSorted()).toEqual(expect.arrayContaining(KINDS))
    const { lines, spans, series } = run.amounts
    expect([lines > 60, spans > 60, series > 60]).toEqual([true, true, true])
    expect(findSecrets(run.secrets, run.told)).toEqual([])
    expect(run.told).not.toMatch(/eyJ[\w-]{10}/u)
  })

  test('tells of each fault without what caused it', () => {
    expect(run.told).toContain('the store is gone')
  })

  test.each(KINDS)('would be noticed with a %s in it, and with the end of one', (kind) => {
    const [secret = ''] = run.secrets.get(kind) ?? []
    for (const leak of [`x ${secret} y`, `x…${secret.slice(-40)}`]) {
      expect(findSecrets(run.secrets, `${run.told}\n${leak}`)).toContain(kind)
    }
  })
})

function* listSecrets(): Generator<string> {
  yield* Object.values(CANARIES)
  yield* [encodeHex(SEED), encodeBase64(SEED), encodeBase64url(SEED)]
  for (const { headers } of sent) {
    for (const name of ['signature', 'content-digest']) {
      const bytes = /:([^:]+):/u.exec(headers.get(name) ?? '')?.[1]
      if (bytes !== undefined) yield bytes
    }
    const nonce = /nonce="([^"]+)"/u.exec(headers.get('signature-input') ?? '')?.[1]
    if (nonce !== undefined) yield nonce
    const text = `${headers.get('signature-key')} ${headers.get('delegation-chain')}`
    for (const [jws] of text.matchAll(/eyJ[\w.-]{40,}/gu)) yield* [jws, jws.slice(-40)]
  }
}
