import { WalletError } from './error.ts'
import type { HeldDelegation } from './held-delegation.ts'

/** What a wallet knows beside its key. */
export interface WalletRecords {
  /** Delegations to this agent, newest first. */
  readonly held: readonly HeldDelegation[]
  /** Delegations by this agent to others, newest first. */
  readonly issued: readonly HeldDelegation[]
}

/** Keeps the records of a wallet. */
export interface WalletStore {
  /** The records as this process last saw them. */
  read(): WalletRecords
  /** Replaces the newest records, those of other processes included, by what `change` makes of them. */
  update(change: (records: WalletRecords) => WalletRecords): Promise<void>
}

/** What ended this long ago is forgotten at the next change. */
const KEPT_AFTER_END_MILLISECONDS = 24 * 60 * 60 * 1000

/** A store that lives as long as the process. */
export function createMemoryStore(): WalletStore {
  let records: WalletRecords = { held: [], issued: [] }
  return {
    read: () => records,
    update: async (change) => {
      records = change(records)
    },
  }
}

/**
 * The records with one more delegation in front, without those that ended a day ago.
 *
 * @param now - milliseconds since the epoch
 * @throws {WalletError} input_invalid: another delegation of the same id is there, which nobody honest makes
 */
export function addDelegation(
  records: WalletRecords,
  added: { readonly to: keyof WalletRecords; readonly delegation: HeldDelegation },
  now: number,
): WalletRecords {
  const { to, delegation } = added
  const same = records[to].find(({ id }) => id === delegation.id)
  if (same !== undefined && same.digest !== delegation.digest) {
    throw new WalletError('input_invalid', 'another delegation of this id is already in the wallet', {
      field: 'id',
    })
  }
  const others = records[to].filter(({ id }) => id !== delegation.id)
  return withoutForgotten({ ...records, [to]: [delegation, ...others] }, now)
}

function withoutForgotten({ held, issued }: WalletRecords, now: number): WalletRecords {
  const isKept = ({ leaf }: HeldDelegation): boolean => leaf.validUntil + KEPT_AFTER_END_MILLISECONDS > now
  return { held: held.filter(isKept), issued: issued.filter(isKept) }
}
