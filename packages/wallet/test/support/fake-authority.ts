import {
  decodeUtf8,
  encodeBase64url,
  equalBytes,
  isJsonObject,
  type JsonObject,
  parseJson,
} from '@behalf/core'
import { type DelegationTerms, parseCapabilities } from '@behalf/credential'
import { type Did, decodeDidKeyUrl } from '@behalf/did'
import { KEY_TAG, parseSignatureKey } from '@behalf/http-signature'
import type { Fetch } from '../../src/fetch.ts'
import { record, type SentRequest, verifyRequest } from './fake-api.ts'
import { AUTHORITY, ISSUER, issueRoot, NOW, statusEntry, type TestKey } from './world.ts'

/** One call that the authority received. */
export interface AuthorityCallRecord {
  /** `POST /delegation-requests` */
  readonly route: string
  /** Whose key signed it; undefined for an unsigned call. */
  readonly agent: Did | undefined
  readonly json: JsonObject
  readonly sent: SentRequest
}

/** An authority that checks every signature it gets and answers as the contract says, unless a test prepared more. */
export interface FakeAuthority {
  readonly fetch: Fetch
  readonly calls: AuthorityCallRecord[]
  /** The next answers of a route, before it answers as usual. */
  answer(route: string, ...responses: (Response | Error)[]): void
  /** Changes what the next delegations say. */
  grant(terms: Partial<DelegationTerms>, issuer?: TestKey): void
}

export const REQUEST_ID = 'urn:uuid:00000000-0000-4000-8000-000000000001'

export function createFakeAuthority(now: () => number = () => NOW): FakeAuthority {
  const calls: AuthorityCallRecord[] = []
  const prepared = new Map<string, (Response | Error)[]>()
  let granted: { terms: Partial<DelegationTerms>; issuer: TestKey } = { terms: {}, issuer: ISSUER }
  let asked: AuthorityCallRecord | undefined

  const usual = async (call: AuthorityCallRecord): Promise<Response> => {
    if (call.route === `POST /delegation-requests/${REQUEST_ID}/collect` && asked !== undefined) {
      return json(200, await collected(asked, granted))
    }
    return usualAnswer(call)
  }

  return {
    calls,
    fetch: async (url, init) => {
      const call = readCall(record(url, init), now())
      calls.push(call)
      if (call.route === 'POST /delegation-requests') asked = call
      const answer = prepared.get(call.route)?.shift() ?? (await usual(call))
      if (answer instanceof Error) throw answer
      return answer
    },
    answer: (route, ...responses) => {
      prepared.set(route, [...(prepared.get(route) ?? []), ...responses])
    },
    grant: (terms, issuer = ISSUER) => {
      granted = { terms, issuer }
    },
  }
}

/** A JSON answer. */
export function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
}

/** A refusal. */
export function problem(status: number, code: string, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ code, status, detail: `refused: ${code}`, request_id: 'REQ-1' }), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  })
}

function readCall(sent: SentRequest, now: number): AuthorityCallRecord {
  const { pathname, search } = new URL(sent.url)
  const body = sent.body.length === 0 ? {} : parseJson(decodeUtf8(sent.body))
  if (!isJsonObject(body)) throw new Error('not an object')
  return { route: `${sent.method} ${pathname}${search}`, agent: readAgent(sent, now), json: body, sent }
}

function readAgent(sent: SentRequest, now: number): Did | undefined {
  if (!sent.headers.has('signature')) return undefined
  const signature = verifyRequest(sent, KEY_TAG, now)
  const key = parseSignatureKey([...sent.headers], signature.label)
  const { did, publicKey } = decodeDidKeyUrl(signature.keyid)
  if (key.scheme !== 'hwk' || !equalBytes(key.publicKey, publicKey)) throw new Error('key_mismatch')
  return did
}

async function collected(
  { agent, json: terms }: AuthorityCallRecord,
  granted: { terms: Partial<DelegationTerms>; issuer: TestKey },
): Promise<unknown> {
  const {
    on_behalf_of,
    purpose,
    workflow,
    valid_for_seconds = 600,
    max_uses,
    max_delegation_depth = 0,
  } = terms
  const delegation = await issueRoot(
    {
      subject: agent ?? '',
      onBehalfOf: readIdentified(on_behalf_of),
      capabilities: parseCapabilities(terms['capabilities'] ?? []),
      ...(typeof max_uses === 'number' ? { maxUses: max_uses } : {}),
      maxDelegationDepth: Number(max_delegation_depth),
      purpose: typeof purpose === 'string' ? purpose : '',
      ...(workflow === undefined ? {} : { workflow: readIdentified(workflow) }),
      validUntil: NOW + Number(valid_for_seconds) * 1000,
      ...granted.terms,
    },
    granted.issuer,
  )
  return { delegation, chain: [delegation], evidence: { kind: 'operator' } }
}

function readIdentified(value: unknown): { id: string } {
  if (isJsonObject(value) && typeof value['id'] === 'string') return { ...value, id: value['id'] }
  throw new Error('no id')
}

function usualAnswer({ route, json: body }: AuthorityCallRecord): Response {
  const answers: Record<string, () => Response> = {
    'GET /.well-known/behalf-authority': () => json(200, description()),
    'POST /delegation-requests': () => json(201, receipt()),
    'POST /revocations': () =>
      json(200, { revoked: body['delegation'] ?? body['agent'], sequence: 7, time: '2026-10-01T12:00:00Z' }),
  }
  const answer = answers[route]
  if (answer !== undefined) return answer()
  if (/^POST \/delegations\/[^/]+\/children$/.test(route))
    return json(201, { credentialStatus: statusEntry() })
  return problem(404, 'not_found')
}

export function description(): Record<string, unknown> {
  return {
    issuer: ISSUER.did,
    heartbeat: `${AUTHORITY}/status/heartbeat`,
    origin: AUTHORITY,
    max_seconds: 3600,
    default_seconds: 600,
  }
}

export function receipt(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: REQUEST_ID,
    version: 1,
    status: 'pending',
    approval_url: `${AUTHORITY}/approve/${encodeBase64url(new Uint8Array(3))}`,
    expires_at: new Date(NOW + 300_000).toISOString(),
    interval_seconds: 5,
    ...changes,
  }
}
