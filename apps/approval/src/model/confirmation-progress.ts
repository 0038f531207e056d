import type { ConfirmationsView } from '../api/views.ts'

/** How far the word has come that something was stopped. */
export interface ConfirmationProgress {
  /** APIs that follow the authority: each one that has a name counts once, of others each process. */
  readonly connected: number
  readonly confirmed: number
  readonly apis: readonly ApiProgress[]
  /** Of those counted, how many have no name here. */
  readonly others: { readonly connected: number; readonly confirmed: number }
  /** Not counted: whoever follows the authority and proved no key. */
  readonly unproven: { readonly connected: number; readonly confirmed: number }
  /** Milliseconds until all that are connected had confirmed; undefined as long as one has not. */
  readonly afterMs: number | undefined
}

/** One API that has a name. */
export interface ApiProgress {
  readonly did: string
  readonly origins: readonly string[]
  /** Milliseconds until it was seen to know; undefined as long as it does not say so. */
  readonly afterMs: number | undefined
}

/**
 * Adds an answer of the authority to what was known before.
 *
 * @param elapsedMs - since the authority had stored it
 */
export function noteConfirmations(
  before: ConfirmationProgress | undefined,
  view: ConfirmationsView,
  elapsedMs: number,
): ConfirmationProgress {
  const apis = view.apis.map((api) => {
    const known = before?.apis.find(({ did }) => did === api.did)?.afterMs ?? elapsedMs
    return { did: api.did, origins: api.origins, afterMs: api.confirmed < api.connected ? undefined : known }
  })
  const others = {
    connected: view.connected - sum(view.apis.map(({ connected }) => connected)),
    confirmed: view.confirmed - sum(view.apis.map(({ confirmed }) => confirmed)),
  }
  const connected = apis.length + others.connected
  const confirmed = apis.filter(({ afterMs }) => afterMs !== undefined).length + others.confirmed
  const afterMs = confirmed < connected ? undefined : (before?.afterMs ?? elapsedMs)
  return { connected, confirmed, apis, others, unproven: view.unproven, afterMs }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
