import type { Delegation } from '@behalf/credential'
import type { Did } from '@behalf/did'
import type { AgentContext } from './agent-context.ts'
import type { VerifierErrorCode } from './error.ts'
import type { ProtocolCall } from './request-protocol.ts'
import type { Principal } from './verified-request.ts'

/** One decision about one request. Members below `method` are there as far as they were proven. */
export interface AuditRecord {
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly requestId: string
  /** `observed`: it would have been refused, and was let through. */
  readonly decision: 'accepted' | 'refused' | 'observed'
  /** `ok`, or the code of the refusal, also of one that was not carried out. */
  readonly code: VerifierErrorCode | 'ok'
  /** On every record of a verifier that observes, and on no other. */
  readonly mode?: 'observe'
  /** Absent when what was sent is not a method. */
  readonly method?: string
  readonly origin?: string
  /** Without the query, which may hold what does not belong in a log. */
  readonly path?: string
  readonly agent?: Did
  /** Its issuer is that of the root. */
  readonly principal?: Principal
  /** Ids of the delegations, root first. */
  readonly delegations?: readonly string[]
  /** That decided about the root. */
  readonly policy?: Pick<NonNullable<Delegation['policy']>, 'id' | 'digest'>
  readonly workflow?: NonNullable<Delegation['workflow']>
  /** What the agent said about the call. */
  readonly context?: AgentContext
  /** What was called through a protocol above HTTP; with a tool, the log of an authority says `tool_called`. */
  readonly call?: ProtocolCall
  /** Of the span of this decision, or else what the sender said about its own; nobody signed it. @see W3C Trace Context */
  readonly traceparent?: string
  /** There where it will be told what was answered: without an `AuditOutcome` nobody knows whether the API acted. */
  readonly awaitsOutcome?: true
  /** What proves all of this; not for operational logs. */
  readonly evidence?: RequestEvidence
}

/** What became of an accepted request. */
export interface AuditOutcome {
  /** Milliseconds since the epoch. */
  readonly time: number
  /** Of the record of its acceptance. */
  readonly requestId: string
  readonly origin?: string
  /** HTTP status that was answered. Absent when nothing was, or the handler failed before it said what. */
  readonly status?: number
  /** The connection ended before all of the answer was sent, as far as the adapter sees that. */
  readonly isCutOff: boolean
  readonly principal?: Principal
  /** Id of the root delegation. */
  readonly root?: string
}

/** With these anybody verifies the signature of a request again. */
export interface RequestEvidence {
  /** Compact JWS, root first. */
  readonly credentials: readonly string[]
  /** What was signed. @see RFC 9421 section 2.5 */
  readonly signatureBase: string
  /** Ed25519, base64url. */
  readonly signature: string
  /** The issuer's word on what was revoked, by which the decision was made: compact JWS. Absent where none was known. */
  readonly heartbeat?: string
}

/** Takes down every decision. */
export interface AuditSink {
  /**
   * The record is kept when this returns, or when its promise resolves. For an accepted request that happens before
   * the handler runs, and failing refuses the request with audit_unavailable.
   */
  record(entry: AuditRecord): void | Promise<void>
  /**
   * Told by an adapter once the answer was sent, so nobody waits for it. It may be lost: then nobody knows what became of
   * the request, and the log says so. Without this method no record awaits an outcome.
   */
  recordOutcome?(entry: AuditOutcome): void
}
