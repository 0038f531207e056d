import { BehalfError, type BoundedMap, createBoundedMap, decodeUtf8, type MonotonicClock } from '@behalf/core'
import {
  parseCompactJws,
  TOKEN_STATUS,
  type TokenStatusList,
  verifyTokenStatusList,
} from '@behalf/credential'
import { type Fetch, fetchCapped } from './capped-fetch.ts'
import { VerifierError } from './error.ts'
import { createHeldAnswer, type HeldAnswer } from './held-answer.ts'
import type { SetTimer } from './timer.ts'
import type { TokenKeySource } from './token-keys.ts'

/** Where a token has its place in a list. */
export interface TokenListEntry {
  readonly uri: string
  readonly index: number
}

/** The status lists in which an authority says which of its tokens hold. */
export interface TokenLists {
  /**
   * The list was asked for, if it was not within `pollSeconds`.
   *
   * @throws VerifierError as `check`, when no list is held
   */
  obtain(uri: string): Promise<void>
  /**
   * The token holds, by a list that the authority signed not long ago.
   *
   * @param now milliseconds since the epoch
   * @throws VerifierError credential_revoked, credential_suspended, status_invalid, status_index_invalid, status_stale,
   * status_unavailable, status_rollback
   */
  check(entry: TokenListEntry, now: number): void
}

/** How lists are fetched, and how old their word may be. */
export interface TokenListsOptions {
  /** Origin of the authority. */
  readonly issuer: string
  readonly keys: TokenKeySource
  readonly fetch: Fetch
  readonly timeoutSeconds: number
  readonly setTimer: SetTimer
  readonly clock: () => number
  readonly monotonicClock: MonotonicClock
  readonly pollSeconds: number
  readonly maxStalenessSeconds: number
  readonly reportFault: (fault: VerifierError) => void
}

const MAX_LIST_BYTES = 2_097_152
const MAX_LISTS = 32

/**
 * Holds no list yet. A list that is used is asked for again every `pollSeconds`, or as often as its `ttl` says; what
 * it says counts for `maxStalenessSeconds` from the time the authority signed it.
 *
 * @see Token Status List section 8.3
 */
export function createTokenLists(options: TokenListsOptions): TokenLists {
  const lists: BoundedMap<HeldAnswer<TokenStatusList>> = createBoundedMap(MAX_LISTS)
  const open = (uri: string): HeldAnswer<TokenStatusList> => {
    const known = lists.get(uri)
    if (known !== undefined) return known
    // What the authority signs is trusted to say so; where a request goes to is not its to choose.
    if (URL.parse(uri)?.origin !== options.issuer) {
      throw new VerifierError('status_invalid', 'the list does not lie on the origin of the authority')
    }
    const list = createList(uri, options)
    lists.set(uri, list)
    return list
  }
  return {
    obtain: async (uri) => {
      try {
        await open(uri).read()
      } catch (error) {
        throw toStatusError(error)
      }
    },
    check: ({ uri, index }, now) => {
      const list = open(uri).look()
      if (list === undefined) throw new VerifierError('status_unavailable', 'no list of token status is held')
      if (!isFresh(list, now, options)) {
        throw new VerifierError('status_stale', `no list within ${options.maxStalenessSeconds} seconds`)
      }
      checkStatus(list, index)
    },
  }
}

function createList(uri: string, options: TokenListsOptions): HeldAnswer<TokenStatusList> {
  const { monotonicClock, pollSeconds, maxStalenessSeconds } = options
  return createHeldAnswer({
    load: (held) => fetchList(uri, held, options),
    monotonicClock,
    refreshSeconds: ({ ttlSeconds }) => Math.min(pollSeconds, ttlSeconds),
    maxAgeSeconds: maxStalenessSeconds,
    pauseSeconds: 1,
    onFailure: (error) => options.reportFault(toStatusError(error)),
  })
}

async function fetchList(
  uri: string,
  held: TokenStatusList | undefined,
  options: TokenListsOptions,
): Promise<TokenStatusList> {
  const headers = { accept: 'application/statuslist+jwt', 'cache-control': 'no-cache' }
  const { bytes } = await fetchCapped(uri, { ...options, maxBytes: MAX_LIST_BYTES, headers })
  const jws = decodeUtf8(bytes)
  const { kid } = parseCompactJws(jws, { maxBytes: MAX_LIST_BYTES }).header
  if (typeof kid === 'string') await options.keys.find(kid)
  const { issuer, keys, clock } = options
  const list = verifyTokenStatusList(jws, { uri, issuer, keys: (name) => keys.held(name), now: clock() })
  if (held !== undefined && list.issuedAt < held.issuedAt) {
    throw new VerifierError('status_rollback', 'an older list than the one that is held')
  }
  return list
}

/** By the time at which it was signed; how long it has been here is looked at by whoever holds it. */
function isFresh(list: TokenStatusList, now: number, { maxStalenessSeconds }: TokenListsOptions): boolean {
  return now - list.issuedAt <= maxStalenessSeconds * 1000 && now < list.expiresAt
}

function checkStatus(list: TokenStatusList, index: number): void {
  if (index >= list.length) throw new VerifierError('status_index_invalid', 'the index is outside the list')
  switch (list.statusAt(index)) {
    case TOKEN_STATUS.valid:
      return
    case TOKEN_STATUS.invalid:
      throw new VerifierError('credential_revoked', 'the token, or a delegation behind it, is revoked')
    case TOKEN_STATUS.suspended:
      throw new VerifierError('credential_suspended', 'a delegation behind the token is suspended')
    default:
      throw new VerifierError('status_invalid', 'the list says of the token what nobody defined')
  }
}

/** What an authority cannot be asked for is not known; what it says wrongly is not believed. */
function toStatusError(cause: unknown): VerifierError {
  if (cause instanceof VerifierError) return cause
  if (cause instanceof BehalfError) return new VerifierError('status_invalid', cause.message, { cause })
  return new VerifierError('status_unavailable', 'the list of token status was not obtained', {
    cause,
    fault: true,
  })
}
