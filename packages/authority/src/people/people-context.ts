import type { Clock, RandomBytes } from '@behalf/core'
import type { Issuer } from '@behalf/issuer'
import type { AuthorityLog } from '../authority-log.ts'
import type { AuthorityDatabase } from '../database-schema.ts'
import type { Ledger } from '../ledger/create-ledger.ts'
import type { Notices } from '../notices/create-notices.ts'
import type { Confirmations } from '../status/confirmations.ts'
import type { ChangeFeed } from './change-feed.ts'
import type { OidcClient } from './oidc-client.ts'
import type { Tickets } from './tickets.ts'

/**
 * What is asked of the authenticators that people register.
 *
 * - `none`: nothing; any authenticator that verifies its user will do.
 * - `direct`: a packed attestation with a certificate that leads to one of `roots`; no other format is taken.
 */
export type AttestationPolicy =
  | { readonly kind: 'none' }
  /** PEM, at least one. */
  | { readonly kind: 'direct'; readonly roots: readonly string[] }

/** What the routes of people work with. */
export interface PeopleContext {
  readonly database: AuthorityDatabase
  readonly issuer: Issuer
  readonly origin: string
  /** The host of the origin. */
  readonly rpId: string
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: AuthorityLog
  readonly ledger: Ledger
  readonly attestation: AttestationPolicy
  readonly feed: ChangeFeed
  readonly confirmations: Confirmations
  /** Ceremonies that anybody may begin. */
  readonly tickets: Tickets
  readonly notices: Notices
  /** Without one there is no company login. */
  readonly oidc: OidcClient | undefined
  /** Whether a session that began with company login approves without a passkey. */
  readonly loginApproves: boolean
  /** From one sign of life of a stream to the next. */
  readonly pingSeconds: number
}
