import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { Clock } from '@behalf/core'
import {
  type AnyVerifiedRequest,
  type AuditSink,
  createEitherVerifier,
  createMemoryReplayStore,
  createMemoryUseCounter,
  createRequestVerifier,
  createStatusSource,
  createTokenVerifier,
  type RequestGuard,
} from '@behalf/verifier'
import { openServer } from './open-server.ts'

/** A small API that only agents with a delegation may use. */
export interface IssueApi {
  readonly origin: string
  /** What the last accepted request looked like. */
  readonly accepted: () => AcceptedRequest | undefined
  close(): Promise<void>
}

/** An accepted request, as far as the tests look at it. */
export interface AcceptedRequest {
  readonly method: string
  readonly target: string
  readonly agent: string
  readonly principal: string
  readonly contentType: string | undefined
  readonly body: string
  readonly context: unknown
}

/** Starts the API; it trusts one authority, its tokens too, and asks it for news before every request. */
export async function openIssueApi(trusted: {
  readonly issuer: string
  readonly authority: string
  readonly clock: Clock
  readonly auditSink?: AuditSink
}): Promise<IssueApi> {
  const { issuer, authority, clock, auditSink } = trusted
  const state: { accepted?: AcceptedRequest } = {}
  const statusSource = createStatusSource({
    issuers: [{ did: issuer, url: `${authority}/status/heartbeat` }],
    clock,
    setTimer: () => () => undefined,
  })
  const server = createServer((request, response) => void handle(request, response))
  const { port, close } = await openServer(server)
  const origin = `http://127.0.0.1:${port}`
  const common = {
    origins: [origin],
    statusSource,
    // It began long ago, so that it need not refuse what may have been seen before it began.
    replayStore: createMemoryReplayStore({ clock: pastFirst(clock) }),
    ...(auditSink && { auditSink }),
    clock,
  }
  const useCounter = createMemoryUseCounter({ clock })
  const verifier = createEitherVerifier({
    signatures: createRequestVerifier({ ...common, useCounter, trustedIssuers: [issuer] }),
    tokens: createTokenVerifier({
      ...common,
      audience: origin,
      authorities: [{ issuer: authority, did: issuer }],
    }),
  })

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    await statusSource.poll()
    const answer = await answerRequest(verifier, request, {
      body,
      keep: (accepted) => (state.accepted = accepted),
    })
    response.writeHead(answer.status, answer.headers)
    response.end(answer.body)
  }
  return {
    origin,
    accepted: () => state.accepted,
    close: async () => {
      statusSource.close()
      await close()
    },
  }
}

interface Answer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string
}

async function answerRequest(
  verifier: RequestGuard<AnyVerifiedRequest>,
  request: IncomingMessage,
  options: { readonly body: Uint8Array; readonly keep: (accepted: AcceptedRequest) => void },
): Promise<Answer> {
  const requestId = verifier.requestId()
  const { method = '', url = '' } = request
  try {
    const { agent, principal, context } = await verifier.verify({
      method,
      target: url,
      headers: pairs(request.rawHeaders),
      body: options.body,
      requestId,
    })
    const contentType = request.headers['content-type']
    const body = new TextDecoder().decode(options.body)
    options.keep({ method, target: url, agent, principal: principal.id, contentType, body, context })
    const status = url === '/issues/404' ? 404 : 200
    return {
      status,
      headers: { 'Content-Type': 'text/plain', 'Request-Id': requestId },
      body: `issue ${url}\n`,
    }
  } catch (error) {
    const refusal = verifier.refuse(error, requestId)
    return { status: refusal.status, headers: Object.fromEntries(refusal.headers), body: refusal.body }
  }
}

function pairs(raw: readonly string[]): [string, string][] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? '']] : []))
}

function pastFirst(clock: Clock): Clock {
  let first = true
  return () => {
    const now = first ? clock() - 60_000 : clock()
    first = false
    return now
  }
}
