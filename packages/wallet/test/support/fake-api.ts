import { verifyDelegationChain } from '@behalf/credential'
import { decodeDidKeyUrl } from '@behalf/did'
import {
  checkSignatureWindow,
  DELEGATION_TAG,
  type FieldLines,
  type HttpMessage,
  parseSignatureKey,
  parseStringList,
  type ReadSignature,
  readSignature,
  verifyContentDigest,
  verifySignature,
} from '@behalf/http-signature'
import { didKeyIssuers } from '../../src/check-chain.ts'
import type { Fetch } from '../../src/fetch.ts'
import { NOW } from './world.ts'

/** One request as it would be on the wire. */
export interface SentRequest {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: Uint8Array
  readonly init: RequestInit
}

/** What a verified request proved. */
export interface Proof {
  readonly signature: ReadSignature
  /** Root first. */
  readonly chain: readonly string[]
}

/** An API that records what it is sent and answers with what the test prepared, else 200. */
export interface FakeApi {
  readonly fetch: Fetch
  readonly sent: SentRequest[]
  /** The last request, verified. */
  lastProof(): Proof
  answerNext(response: Response | Error): void
}

export function createFakeApi(now: () => number = () => NOW): FakeApi {
  const sent: SentRequest[] = []
  const answers: (Response | Error)[] = []
  return {
    sent,
    fetch: async (url, init) => {
      sent.push(record(url, init))
      const answer =
        answers.shift() ?? new Response('{}', { headers: { 'content-type': 'application/json' } })
      if (answer instanceof Error) throw answer
      return answer
    },
    lastProof: () => verifyDelegatedRequest(last(sent), now()),
    answerNext: (response) => {
      answers.push(response)
    },
  }
}

export function record(url: string, init: RequestInit): SentRequest {
  const body = init.body instanceof Uint8Array ? init.body : new Uint8Array()
  return { url, method: init.method ?? 'GET', headers: new Headers(init.headers), body, init }
}

/** Throws unless the request carries a chain and a signature that a verifier accepts. */
export function verifyDelegatedRequest(request: SentRequest, now: number): Proof {
  const fields: FieldLines = [...request.headers]
  const signature = verifyRequest(request, DELEGATION_TAG, now)
  const key = parseSignatureKey(fields, signature.label)
  if (key.scheme !== 'jwt') throw new Error('no delegation')
  const ancestors = request.headers.has('delegation-chain') ? parseStringList(fields, 'delegation-chain') : []
  const chain = [...ancestors, key.jwt]
  const { leaf } = verifyDelegationChain(chain, { issuers: didKeyIssuers, now })
  if (decodeDidKeyUrl(signature.keyid).did !== leaf.subject) throw new Error('key_mismatch')
  return { signature, chain }
}

/** Throws unless the signature of that tag is valid; the key is the one that keyid names. */
export function verifyRequest(request: SentRequest, tag: string, now: number): ReadSignature {
  const fields: FieldLines = [...request.headers]
  const { origin, pathname, search } = new URL(request.url)
  const message: HttpMessage = {
    kind: 'request',
    method: request.method,
    origin,
    target: `${pathname}${search}`,
    fields,
  }
  const signature = readSignature(message, { tag, hasBody: request.body.length > 0 })
  checkSignatureWindow(signature, { now })
  verifySignature(signature, decodeDidKeyUrl(signature.keyid).publicKey)
  if (request.body.length > 0 || request.headers.has('content-digest'))
    verifyContentDigest(fields, request.body)
  return signature
}

export function last<Item>(items: readonly Item[]): Item {
  const item = items.at(-1)
  if (item === undefined) throw new Error('nothing was sent')
  return item
}

/** A 401 that challenges. */
export function challenge(
  code: string,
  components: readonly string[],
  tag: string = DELEGATION_TAG,
): Response {
  const list = components.map((name) => `"${name}"`).join(' ')
  return new Response(JSON.stringify({ code, status: 401, request_id: 'R1' }), {
    status: 401,
    headers: {
      'content-type': 'application/problem+json',
      'accept-signature': `sig=(${list});created;expires;nonce;keyid;tag="${tag}"`,
    },
  })
}
