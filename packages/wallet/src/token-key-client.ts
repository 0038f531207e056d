import type { JsonObject } from '@behalf/core'
import { invalidAnswer, readObjects, readOptionalTime, readText, readTime, withoutAbsent } from './answer.ts'
import type { AuthorityCaller } from './authority-caller.ts'

/** The keys that sign the access tokens of an authority. Times in milliseconds since the epoch. */
export interface TokenKeys {
  /** The one that signs first. */
  readonly keys: readonly TokenKey[]
  /** From then on everybody has the next key, and it may sign. */
  readonly rotatableAt: number
}

/** One of them. */
export interface TokenKey {
  readonly kid: string
  readonly state: 'signing' | 'next' | 'retired'
  readonly publishedAt: number
  /** Since when it signs nothing. */
  readonly retiredAt?: number
  /** Until when it is published, because what it signed may hold so long. */
  readonly publishedUntil?: number
}

/** The routes about those keys, for operators. */
export interface TokenKeyClient {
  listTokenKeys(): Promise<TokenKeys>
  /**
   * The next key signs from now on. What the last one signed stays good.
   *
   * @returns the ids of the key that signs and of the next
   * @throws WalletError of the authority, `rate_limited` as long as somebody may not have heard of the next key
   */
  rotateTokenKeys(): Promise<{ readonly kid: string; readonly next: string }>
}

/** Those routes. */
export function tokenKeyRoutes({ json }: AuthorityCaller): TokenKeyClient {
  return {
    listTokenKeys: async () => {
      const answer = await json({ path: '/token-keys' })
      return {
        keys: readObjects(answer, 'keys').map(readTokenKey),
        rotatableAt: readTime(answer, 'rotatable_at'),
      }
    },
    rotateTokenKeys: async () => {
      const answer = await json({ method: 'POST', path: '/token-keys' })
      return { kid: readText(answer, 'kid'), next: readText(answer, 'next') }
    },
  }
}

function readTokenKey(answer: JsonObject): TokenKey {
  return withoutAbsent({
    kid: readText(answer, 'kid'),
    state: readState(answer),
    publishedAt: readTime(answer, 'published_at'),
    retiredAt: readOptionalTime(answer, 'retired_at'),
    publishedUntil: readOptionalTime(answer, 'published_until'),
  })
}

function readState(answer: JsonObject): TokenKey['state'] {
  const state = readText(answer, 'state')
  if (state === 'signing' || state === 'next' || state === 'retired') return state
  throw invalidAnswer('state')
}
