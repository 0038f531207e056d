import type { DatabaseSync } from 'node:sqlite'
import type { Clock, MonotonicClock, RandomBytes, Signer } from '@behalf/core'
import type { IssuerLimits, Policy } from '@behalf/issuer'
import type { Tracer } from '@opentelemetry/api'
import type { AuthorityLog } from './authority-log.ts'
import type { NoticeKeys } from './notices/notice-keys.ts'
import type { NoticeOptions } from './notices/notice-options.ts'
import type { Operator } from './operators.ts'
import type { OidcOptions } from './people/oidc-options.ts'
import type { AttestationPolicy } from './people/people-context.ts'
import type { Repeat } from './repeat.ts'
import type { StatusStreamLimits } from './status/status-streams.ts'
import type { WorkloadIssuer, WorkloadNetwork } from './workload/workload-options.ts'

/** Where the state of an authority is: a path, or a database that was opened as `openDatabase` does. */
type DatabaseOption =
  | { readonly databasePath: string; readonly database?: never }
  | { readonly database: DatabaseSync; readonly databasePath?: never }

/** The key of the issuer: what signs with it, or its seed of 32 bytes; the keys of notices come from the seed. */
type KeyOption =
  | { readonly signer: Signer; readonly noticeKeys: NoticeKeys; readonly issuerSeed?: never }
  | { readonly issuerSeed: Uint8Array; readonly signer?: never; readonly noticeKeys?: never }

/** What an authority is made of. */
export type CreateAuthorityOptions = DatabaseOption &
  KeyOption & {
    /** Where agents, operators and verifiers reach it: `https://authority.example`, or http on this machine. */
    readonly origin: string
    /** See `parsePolicy` of `@behalf/issuer`. */
    readonly policy: Policy
    /** Added to those the database knows. */
    readonly operators: readonly Operator[]
    /** File of the nonces that were seen. Default: `databasePath` with `.nonces`; needed with `database`. */
    readonly noncesPath?: string
    readonly clock?: Clock
    /** Tells a step of `clock` from time that passes. Default: that of the process, or `clock` itself when given. */
    readonly monotonicClock?: MonotonicClock
    readonly random?: RandomBytes
    /** Default: JSON lines on standard error. */
    readonly log?: AuthorityLog
    /** From one heartbeat to the next. Default 10. */
    readonly heartbeatSeconds?: number
    readonly repeat?: Repeat
    /** Validity of a delegation whose request names none. Default 600. */
    readonly defaultSeconds?: number
    /** Greatest validity of a delegation. Default 3600. */
    readonly maxSeconds?: number
    /** How long an access token lives at most that a chain was exchanged for, 1 to 300. Default 60. */
    readonly tokenSeconds?: number
    /** How often an agent may ask whether it was decided. Default 2. */
    readonly pollIntervalSeconds?: number
    readonly limits?: Partial<IssuerLimits>
    /** How long a request waits to be decided. Default 900. */
    readonly requestSeconds?: number
    /** The page for people, as it was built into a folder. Default: none. */
    readonly page?: { readonly folder: string }
    /** What is asked of the authenticators that people register. Default: nothing. */
    readonly attestation?: AttestationPolicy
    /** Company login beside passkeys. Default: none. */
    readonly oidc?: OidcOptions
    /**
     * Whether whoever came from company login may approve without a passkey. Then the provider, whoever takes it over,
     * and whoever gets hold of a session approves as anybody, and nothing proves otherwise; credential and evidence say
     * `login`, and APIs that want a person's own approval refuse it. Default false.
     */
    readonly dangerouslyLetLoginApprove?: boolean
    /** Whose word on where an agent runs is taken, and what that gives. Default: nobody's. */
    readonly workloadIssuers?: readonly WorkloadIssuer[]
    /** How their keys and revocation lists are fetched. */
    readonly workloadNetwork?: WorkloadNetwork
    /** How people are told things while the page is closed. */
    readonly notices?: NoticeOptions
    /** Bounds on those who read the stream of what is published. */
    readonly statusStreams?: Partial<StatusStreamLimits>
    /** From one sign of life of a stream to the next. Default 15. */
    readonly pingSeconds?: number
    /** Makes each call a span, below that of whoever calls (W3C Trace Context). Default: none. */
    readonly tracer?: Tracer
  }
