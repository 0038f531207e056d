import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AuditRecord, parseAuditRecord, saltedDigest } from '@behalf/audit-log'
import {
  isProven,
  type KnownStatements,
  type ProvenTokenRequest,
  parseTraceBundle,
  proofOf,
  proveRequest,
  type RequestEvidenceText,
  serializeTraceBundle,
  type TraceBundle,
  toExchanges,
  toStatusLists,
  type VerifiedTrace,
  verifyTrace,
} from '@behalf/authority/trace'
import {
  BehalfError,
  canonicalizeJson,
  createEd25519Signer,
  decodeBase64url,
  decodeUtf8,
  digestSha256,
  encodeBase64url,
  encodeUtf8,
  type JsonObject,
  type Signer,
} from '@behalf/core'
import { type AccessTokenClaims, createDpopProof, signAccessToken, tokenKeyId } from '@behalf/credential'
import { decodeDidKey, encodeDidKey } from '@behalf/did'
import type { Wallet } from '@behalf/wallet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runConfined } from './support/confined.ts'
import { behalf, type CommandRun, documentOf } from './support/test-io.ts'
import { obtain, openWorld, type World } from './support/world.ts'

interface Step {
  readonly index: number
  readonly type: string
  readonly details: readonly string[]
  readonly proven: readonly string[]
  readonly unproven: readonly string[]
}

let world: World
let helper: Wallet
let root: string
/** Ids of requests with tokens: before the revocation, of another token, and after the revocation. */
let shown: string
let other: string
let refused: string
/** Of the last answer of the API. */
let last = ''
let text: string
let file: string
let bundle: TraceBundle

beforeAll(async () => {
  world = await openWorld()
  const { settle } = await world.report()
  const allow = ['--allow', `GET,POST ${world.api.origin}/issues/**`]
  root = await obtain(world, '--for', 'alice', '--purpose', 'read', ...allow, '--depth', '1')
  await handOn('/issues/**')
  helper = await world.openWallet('helper', {
    fetch: async (url, init) => {
      const response = await fetch(url, init)
      if (String(url).startsWith(world.api.origin)) last = response.headers.get('request-id') ?? ''
      return response
    },
  })
  shown = await show('/issues/7?all=yes')
  // Never used for anything.
  await helper.exchangeToken({ resource: world.api.origin })
  await world.advance(58)
  other = await show('/issues/8')
  await settle()
  await world.run(['revoke', root, '--as-operator'])
  refused = await show('/issues/7')
  await settle()
  file = join(world.home, 'incident.json')
  const run = await world.run(['trace', shown, '--bundle', file])
  expect([run.exit, run.stderr]).toEqual([0, ''])
  text = await readFile(file, 'utf8')
  bundle = parseTraceBundle(text)
}, 60_000)
afterAll(() => world.close())

/** Sends a request with a token; says its id, also when the wallet then gets no other token for it. */
async function show(path: string): Promise<string> {
  await helper.tokenFetch(`${world.api.origin}${path}`).catch(() => undefined)
  return last
}

/** Hands a part on to the helper. */
async function handOn(path: string): Promise<void> {
  const out = join(world.home, 'handed-on.json')
  await world.run([
    'delegate',
    '--to',
    world.helper,
    '--allow',
    `GET ${world.api.origin}${path}`,
    '--out',
    out,
  ])
  await world.run(['receive', out, '--wallet', 'helper'])
}

async function trace(id: string): Promise<readonly Step[]> {
  const run = await world.run(['trace', id, '--json'])
  expect([id, run.exit]).toEqual([id, 0])
  return stepsOf(run)
}

function stepsOf(run: CommandRun): readonly Step[] {
  return documentOf(run)['steps'] as readonly Step[]
}

function stepOf(steps: readonly Step[], type: string): Step {
  const step = steps.find((one) => one.type === type)
  if (step === undefined) throw new Error(`there is no ${type}`)
  return step
}

describe('the story of a request with a token', () => {
  test('tells of its exchange, and proves token, proof and chain', async () => {
    const steps = await trace(shown)
    const [exchanged, accepted] = [stepOf(steps, 'token_exchanged'), stepOf(steps, 'request_accepted')]
    const [issued, handed] = [stepOf(steps, 'issued'), stepOf(steps, 'sub_delegated')]
    expect(exchanged.details[0]).toMatch(/^token urn:uuid:[0-9a-f-]{36}, until 2030-01-15T12:01:10/u)
    const token = /urn:uuid:[0-9a-f-]{36}/u.exec(exchanged.details[0] ?? '')?.[0]
    expect(accepted.details).toContain(
      `token ${token} for ${world.api.origin}, shown for ${world.api.origin}/issues/7`,
    )
    expect(accepted.details).toContain(`delegated by ${world.issuer} -> ${world.agent} -> ${world.helper}`)
    expect(accepted.proven.slice(1)).toEqual([
      "the agent's DPoP proof of 2030-01-15T12:00:10.000Z for this token, method and address (DPoP covers neither query nor body)",
      `the token, signed by the authority and exchanged in entry ${exchanged.index}`,
      `the chain of 2 that was exchanged, in entries ${issued.index}, ${handed.index}`,
      expect.stringMatching(
        /^that nothing of it was revoked, by heartbeat \d+ of 2030-01-15T12:00:10.000Z$/u,
      ),
    ])
    expect(accepted.unproven).toEqual([])
    expect(handed.proven[1]).toBe(`that it was exchanged for the token of entry ${accepted.index}`)
    expect(handed.unproven).toHaveLength(1)
  })

  test('of one request tells of the exchange of its own token, that of an agent of all', async () => {
    const counts = await Promise.all(
      [shown, other, world.helper].map(async (id) =>
        (await trace(id)).filter(({ type }) => type === 'token_exchanged').map(({ index }) => index),
      ),
    )
    const [both, [second] = [], all] = counts
    expect(counts.map((found) => found.length)).toEqual([2, 1, 3])
    // That of the first request that the revocation stopped belongs to the story, too.
    expect(both).toEqual([all?.[0], second])
    expect(all?.[2]).toBe(second)
  })

  test('proves of a refused one what was known of the revocation', async () => {
    const step = stepOf(await trace(refused), 'request_refused')
    expect([step.proven.at(-1), step.unproven]).toEqual([
      expect.stringMatching(
        new RegExp(`^that ${root} was revoked, by heartbeat \\d+ of 2030-01-15T12:01:08`, 'u'),
      ),
      [],
    ])
  })

  test('is the same offline, in a process without network, home and other files', async () => {
    const main = join(import.meta.dirname, '..', 'src', 'main.ts')
    const run = await runConfined([main, 'verify-bundle', file, '--key', world.issuer, '--json'], [file])
    expect(run.exit).toBe(0)
    expect(documentOf(run)['steps']).toEqual(await trace(shown))
  }, 60_000)

  test('is refused whatever byte is changed of the evidence, the exchange or anything else', async () => {
    const bytes = encodeUtf8(text)
    const place = text.indexOf('credentials')
    const exchange = text.indexOf('token_exchanged')
    // Every byte of what is new here, and some of all others.
    const places = [
      ...Array.from({ length: 3000 }, (_, index) => place - 500 + index * 2),
      ...Array.from({ length: 700 }, (_, index) => exchange - 500 + index * 2),
      ...Array.from({ length: Math.floor(bytes.length / 211) }, (_, index) => index * 211),
    ]
    for (const at of places.filter((one) => one < bytes.length)) {
      const changed = bytes.slice()
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      const error = await verifyBytes(changed).catch((cause: unknown) => cause)
      expect([at, error instanceof BehalfError]).toEqual([at, true])
    }
  }, 60_000)

  test('does not prove a chain of which the log, as far as it is shown, has nothing', async () => {
    const without = bundle.entries.filter(({ record }) => !record.includes('"type":"sub_delegated"'))
    const run = await behalf(['verify-bundle', '-', '--key', world.issuer, '--json'], {
      input: serializeTraceBundle({ ...bundle, entries: without }),
    })
    expect(stepOf(stepsOf(run), 'request_accepted').unproven).toEqual([
      'the chain of 2 that was exchanged, beyond the word of the authority: the log has of it something else, or nothing',
    ])
  })

  test('does not prove a chain of another agent, parent or approval than the log has', async () => {
    const verified = await verifyTrace(bundle, world.issuer)
    const judge = (change: (trace: VerifiedTrace) => Partial<VerifiedTrace>): readonly string[] => {
      const entry = verified.entries.find(({ record }) => record.type === 'request_accepted')
      if (!entry) throw new Error('nothing was accepted')
      return proofOf(entry, { ...verified, ...change(verified) }).unproven.map((line) => line.slice(0, 9))
    }
    const telling = (type: string, lie: object) => (trace: VerifiedTrace) => ({
      entries: trace.entries.map((entry) =>
        entry.record.type === type ? { ...entry, record: { ...entry.record, ...lie } as AuditRecord } : entry,
      ),
    })
    const rooted = (lie: object) => (trace: VerifiedTrace) => ({
      roots: new Map(
        [...trace.roots].map(([id, proven]) => [
          id,
          { ...proven, delegation: { ...proven.delegation, ...lie } },
        ]),
      ),
    })
    expect(judge(() => ({}))).toEqual([])
    // Records suffice where the root is not kept.
    expect(judge(() => ({ roots: new Map() }))).toEqual([])
    const lies = [
      telling('issued', { subject: world.helper }),
      telling('sub_delegated', { subject: world.agent }),
      telling('sub_delegated', { parent: 'urn:uuid:other' }),
      rooted({ approval: { method: 'passkey', digest: 'sha-256:other' } }),
      rooted({ policy: undefined }),
      rooted({ onBehalfOf: { id: 'bob' } }),
      rooted({ issuer: world.helper }),
      rooted({ workflow: { id: 'other' } }),
    ]
    expect(lies.map(judge)).toEqual(lies.map(() => ['the chain']))
  })
})

describe('the evidence of a request with a token', () => {
  test('shows the request only where the record says the same', async () => {
    const { record, evidence } = accepted()
    const prove = (lie: Partial<AuditRecord>): boolean =>
      isProven(proveRequest({ ...record, ...lie } as AuditRecord, evidence, statements()))
    expect(prove({})).toBe(true)
    expect(record).toMatchObject({
      issuer: world.issuer,
      policy: { id: 'tests', digest: expect.stringMatching(/^sha-256:/u) },
    })
    const lies: readonly Partial<AuditRecord>[] = [
      { method: 'POST' },
      { path: '/issues/8' },
      { audience: 'https://elsewhere.test' },
      { subject: world.agent },
      { delegations: [root] },
      { issuer: world.agent },
      { policy: { id: 'tests', digest: 'sha-256:another' } },
      // The token had ended, or was not there yet.
      { time: at(60) },
      { time: at(-6) },
      { type: 'tool_called', time: at(60) },
      { type: 'request_refused', code: 'scope_exceeded', time: at(121) },
      { type: 'request_refused', code: 'scope_exceeded', time: at(-6) },
      { type: 'request_refused', code: 'invalid_token', time: at(3600) },
    ]
    expect(lies.map(prove)).toEqual(lies.map(() => false))
    const honest: readonly Partial<AuditRecord>[] = [
      { time: at(59) },
      { type: 'tool_called' },
      { type: 'request_refused', code: 'scope_exceeded', time: at(70) },
      { type: 'request_refused', code: 'invalid_token', time: at(200) },
      { path: '/issues/', truncated: { '/path': digestSha256('/issues/7') } },
    ]
    expect(honest.map(prove)).toEqual(honest.map(() => true))
    expect(prove({ path: '/issues/', truncated: { '/path': digestSha256('/issues/8') } })).toBe(false)
    expect(() => prove({ digest: 'sha-256:other' })).toThrow(
      expect.objectContaining({ code: 'audit_proof_invalid' }),
    )
  })

  test('shows nothing without the record of the exchange, or with another', async () => {
    const { record, evidence } = accepted()
    const told = ({ record: exchange, ...place }: { record: AuditRecord; index: number }, lie: object) =>
      isProven(
        proveRequest(record, evidence, {
          ...statements(),
          exchanges: toExchanges([{ ...place, record: { ...exchange, ...lie } as AuditRecord }]),
        }),
      )
    const [exchange] = statements().exchanges.values()
    if (!exchange) throw new Error('nothing was exchanged')
    expect(told(exchange, {})).toBe(true)
    const stranger = createEd25519Signer(new Uint8Array(32).fill(7)).publicKey
    const lies = [
      { type: 'token_revoked' },
      { jti: 'urn:uuid:other' },
      { token: digestSha256('another') },
      { token: undefined },
      { key: encodeBase64url(stranger) },
      { key: undefined },
      { subject: world.agent },
      { audience: 'https://elsewhere.test' },
      { root: 'urn:uuid:other' },
      { delegation: root },
    ]
    expect(lies.map((lie) => told(exchange, lie))).toEqual(lies.map(() => false))
    const none = proveRequest(record, evidence, { ...statements(), exchanges: new Map() })
    expect(none).toMatchObject({ code: 'audit_proof_invalid', reason: expect.stringContaining('exchange') })
  })

  test('shows nothing with the token of another authority, although the log has an exchange of it', async () => {
    const proven = await forge({})
    expect(isProven(proven)).toBe(true)
    expect(await forge({ claims: { principal: { issuer: world.helper, id: 'alice' } } })).toMatchObject({
      reason: expect.stringContaining('another issuer'),
    })
    expect(await forge({ signer: strange })).toMatchObject({ code: 'invalid_token' })
  })

  test('shows nothing with a proof by another key, for another token, or of long before', async () => {
    const by = createEd25519Signer(new Uint8Array(32).fill(9))
    expect(await forge({ proof: { signer: by } })).toMatchObject({
      reason: expect.stringContaining('another key'),
    })
    for (const proof of [
      { accessToken: 'another' },
      { method: 'POST' },
      { now: START - 400_000 },
      { now: START + 6000 },
    ]) {
      expect(await forge({ proof })).toMatchObject({ code: 'invalid_dpop_proof' })
    }
    expect(await forge({ proof: { url: `${world.api.origin}/issues/8` } })).toMatchObject({
      code: 'audit_proof_invalid',
    })
  })

  test('says of revocations what it can show', async () => {
    const { record, evidence } = accepted()
    const { heartbeat, ...value } = JSON.parse(evidence.text) as JsonObject
    const statusOf = (
      told: Partial<AuditRecord>,
      content: JsonObject,
      known: Partial<KnownStatements> = {},
    ) => {
      const changed = seal({ ...record, ...told } as AuditRecord, content, evidence.salt)
      const proven = proveRequest(changed.record, changed.evidence, { ...statements(), ...known })
      return isProven(proven) ? proven.status : proven.reason.split(': ')[1]
    }
    const all = { ...value, heartbeat: heartbeat ?? null }
    expect(statusOf({}, value)).toBe('not reported')
    expect(statusOf({}, all, { lists: new Map() })).toBe('not kept')
    expect(statusOf({}, all)).toMatchObject({ revoked: undefined })
    // The list of tokens may have said so, which is not kept.
    expect(statusOf({ type: 'request_refused', code: 'credential_revoked' }, all)).toBe('not reported')
    const dead = await lastHeartbeat()
    const later = { ...statements(), lists: dead.lists }
    expect(statusOf({ time: at(58) }, { ...value, heartbeat: dead.jws }, later)).toBe(
      'it was accepted although it was revoked',
    )
  })
})

const START = Date.UTC(2030, 0, 15, 12, 0, 10)
const strange = createEd25519Signer(new Uint8Array(32).fill(8))

function at(seconds: number): string {
  return new Date(START + seconds * 1000).toISOString()
}

/** The accepted request of the bundle. */
function accepted(): { readonly record: AuditRecord; readonly evidence: RequestEvidenceText } {
  const entry = bundle.entries.find(({ record }) => record.includes('"type":"request_accepted"'))
  if (!entry?.evidence) throw new Error('nothing was accepted')
  return { record: parseAuditRecord(encodeUtf8(entry.record)), evidence: entry.evidence }
}

function statements(): KnownStatements {
  const key = decodeDidKey(world.issuer)
  const records = bundle.entries.map(({ index, record }) => ({
    index,
    record: parseAuditRecord(encodeUtf8(record)),
  }))
  return {
    authority: world.issuer,
    issuers: (issuer) => (issuer === world.issuer ? key : undefined),
    lists: toStatusLists(bundle.lists),
    exchanges: toExchanges(records),
  }
}

/** The evidence, and the record as the log would have it. */
function seal(
  record: AuditRecord,
  content: JsonObject,
  salt: string,
): { readonly record: AuditRecord; readonly evidence: RequestEvidenceText } {
  const evidence = { salt, text: canonicalizeJson(content) }
  return { record: { ...record, digest: saltedDigest(decodeBase64url(salt), evidence.text) }, evidence }
}

/** The same request with a token and a proof of our own, and a log that has the exchange of this token. */
async function forge(change: {
  readonly claims?: Partial<AccessTokenClaims>
  /** Signs the token; the log has the key of another. */
  readonly signer?: Signer
  readonly proof?: Partial<Parameters<typeof createDpopProof>[0]>
}): Promise<ReturnType<typeof proveRequest>> {
  const { record, evidence } = accepted()
  const proven = proveRequest(record, evidence, statements()) as ProvenTokenRequest
  const own = createEd25519Signer(new Uint8Array(32).fill(6))
  const signer = change.signer ?? own
  // The key of the helper is not ours to use; a key of ours takes its place everywhere.
  const agent = createEd25519Signer(new Uint8Array(32).fill(5))
  const did = encodeDidKey(agent.publicKey)
  const claims: AccessTokenClaims = {
    ...proven.claims,
    agent: did,
    jkt: tokenKeyId(agent.publicKey),
    actors: [did, ...proven.claims.actors.slice(1)],
    ...change.claims,
  }
  const token = await signAccessToken(claims, signer)
  const proof = await createDpopProof({
    signer: agent,
    method: 'GET',
    url: `${world.api.origin}/issues/7`,
    accessToken: token,
    now: START,
    jti: 'a jti of our own'.replaceAll(' ', '-'),
    ...change.proof,
  })
  const end = proof.lastIndexOf('.')
  const content = {
    credentials: [token],
    signature_base: proof.slice(0, end),
    signature: proof.slice(end + 1),
  }
  const sealed = seal({ ...record, subject: did } as AuditRecord, content, evidence.salt)
  const exchange = {
    ...proven.exchange.record,
    subject: did,
    token: digestSha256(token),
    key: encodeBase64url(own.publicKey),
  } as AuditRecord
  const exchanges = toExchanges([{ index: 1, record: exchange }])
  return proveRequest(sealed.record, sealed.evidence, { ...statements(), exchanges })
}

/** What the authority said after the revocation, and its lists. */
async function lastHeartbeat(): Promise<{ readonly jws: string; readonly lists: KnownStatements['lists'] }> {
  const path = join(world.home, 'refused.json')
  await world.run(['trace', refused, '--bundle', path])
  const told = parseTraceBundle(await readFile(path, 'utf8'))
  const entry = told.entries.find(({ record }) => record.includes(refused))
  const { heartbeat } = JSON.parse(entry?.evidence?.text ?? '') as { heartbeat: string }
  return { jws: heartbeat, lists: toStatusLists(told.lists) }
}

async function verifyBytes(bytes: Uint8Array): Promise<unknown> {
  return await verifyTrace(parseTraceBundle(decodeUtf8(bytes)), world.issuer)
}
