import type { IssuerEventType } from '@behalf/issuer'

/** What a page has to load again. */
export type Change = 'requests' | 'delegations' | 'people'

/** Tells those who listen what has changed. */
export interface ChangeFeed {
  /** The events of these types are on record: whoever listens is told, once for each kind of change. */
  readonly publish: (types: readonly IssuerEventType[]) => void
  /**
   * Calls `listener` at each change until it is called off, and `ended` when the feed is closed.
   *
   * @returns calls it off
   */
  subscribe(listener: (change: Change) => void, ended: () => void): () => void
  /** Nobody listens any more. */
  close(): void
}

const CHANGES: Readonly<Record<IssuerEventType, readonly Change[]>> = {
  key_logged: [],
  api_registered: [],
  api_removed: [],
  person_forgotten: ['people'],
  operator_created: ['people'],
  operator_removed: ['people'],
  policy_loaded: [],
  enrolled: ['requests', 'delegations'],
  enrolment_withdrawn: ['requests', 'delegations'],
  requested: ['requests'],
  policy_decided: ['requests'],
  approved: ['requests'],
  denied: ['requests'],
  issued: ['delegations'],
  collected: ['requests'],
  sub_delegated: ['delegations'],
  delegation_revoked: ['delegations'],
  key_revoked: ['requests', 'delegations'],
  person_joined: ['people'],
  person_changed: ['people'],
  person_invited: ['people'],
  invitation_withdrawn: ['people'],
  passkey_added: ['people'],
  passkey_renamed: ['people'],
  passkey_removed: ['people'],
  recovery_codes_made: ['people'],
  recovery_code_used: ['people'],
}

/**
 * A feed without listeners.
 *
 * @param onRecorded - told that something was put on record
 */
export function createChangeFeed(onRecorded: () => void = () => undefined): ChangeFeed {
  const listeners = new Map<(change: Change) => void, () => void>()
  return {
    publish: (types) => {
      if (types.length > 0) onRecorded()
      const changes = new Set(types.flatMap((type) => CHANGES[type]))
      for (const listener of listeners.keys()) for (const change of changes) listener(change)
    },
    subscribe: (listener, ended) => {
      listeners.set(listener, ended)
      return () => void listeners.delete(listener)
    },
    close: () => {
      const ends = [...listeners.values()]
      listeners.clear()
      for (const end of ends) end()
    },
  }
}
