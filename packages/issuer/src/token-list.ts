import { createTokenStatuses, signTokenStatusList, TOKEN_STATUS, writeTokenStatus } from '@behalf/credential'
import type { IssuerTransaction } from './issuer-store.ts'
import type { StatusPosition } from './status-position.ts'
import type { TokenContext } from './token-context.ts'

/** Tokens that have a place in one list. */
export const TOKEN_LIST_LENGTH = 131_072

/** For how long a copy of a list is good. */
export const TOKEN_LIST_SECONDS = 60

// Half of a list is left empty, so that a random place is free at the second try on average.
const TOKENS_PER_LIST = TOKEN_LIST_LENGTH / 2
const TTL_SECONDS = 10
// Valid, invalid or suspended.
const BITS_PER_TOKEN = 2
// Four tokens in a byte, each of them TOKEN_STATUS.invalid.
const ALL_INVALID = 0b01_01_01_01
const MAX_TRIES = 256

/** The URL of a list. It comes from the configured origin, never from a request. */
export function tokenListUrl({ origin }: Pick<TokenContext, 'origin'>, number: number): string {
  return `${origin}/status/token-lists/${number}`
}

/**
 * A random place is taken.
 *
 * @param claim - takes a place for good, and says false where another has it
 */
export async function createTokenPosition(
  { random }: TokenContext,
  tx: IssuerTransaction,
  claim: (position: StatusPosition) => Promise<boolean>,
): Promise<StatusPosition> {
  const list = listOf(await tx.countTokens())
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const [high = 0, middle = 0, low = 0] = random(3)
    // 2^24 is a multiple of the length, so every place is as likely as any other.
    const position = { list, index: ((high << 16) | (middle << 8) | low) % TOKEN_LIST_LENGTH }
    if (await claim(position)) return position
  }
  throw new Error('No free place found in the token status list: is the random source working?')
}

/** A list as it was signed, and what it says. */
export interface SignedTokenList {
  readonly jws: string
  readonly signedAt: number
  /** The places of the tokens that do not hold, and of those that rest, as one text. */
  readonly content: string
}

/**
 * Returns the list as it is now: the one that was signed before as long as it says the same and was signed less
 * than 10 s ago, or a new one: verifiers do not believe a list that is half a minute old.
 *
 * @returns undefined when there is no such list
 * @see Token Status List section 5.1
 */
export async function signTokenList(
  context: TokenContext,
  number: number,
  before: SignedTokenList | undefined,
): Promise<SignedTokenList | undefined> {
  const now = context.clock()
  const stopped = await context.store.transaction((tx) => readStopped(context, tx, number))
  if (stopped === undefined) return undefined
  const content = stopped === 'all' ? stopped : `${stopped.invalid.join()} ${stopped.suspended.join()}`
  if (before?.content === content && isFresh(before, now)) return before
  const statuses = createTokenStatuses(BITS_PER_TOKEN, TOKEN_LIST_LENGTH)
  if (stopped === 'all') statuses.bytes.fill(ALL_INVALID)
  else {
    for (const index of stopped.suspended) writeTokenStatus(statuses, index, TOKEN_STATUS.suspended)
    for (const index of stopped.invalid) writeTokenStatus(statuses, index, TOKEN_STATUS.invalid)
  }
  const jws = await signTokenStatusList({
    uri: tokenListUrl(context, number),
    issuer: context.origin,
    statuses,
    now,
    expiresAt: now + TOKEN_LIST_SECONDS * 1000,
    ttlSeconds: TTL_SECONDS,
    signer: await context.tokenSigners.current(),
  })
  return { jws, content, signedAt: now }
}

/** The places of tokens that do not hold, or rest. */
interface StoppedTokens {
  readonly invalid: readonly number[]
  readonly suspended: readonly number[]
}

/** What is stopped; all of it when what every chain begins with is not to be trusted. */
async function readStopped(
  { kid, clock }: TokenContext,
  tx: IssuerTransaction,
  number: number,
): Promise<StoppedTokens | 'all' | undefined> {
  if (number > listOf(await tx.countTokens())) return undefined
  if (await tx.findRevokedKey(kid)) return 'all'
  const filter = { list: number, now: clock() }
  return {
    invalid: await tx.listInvalidTokens(filter),
    suspended: await tx.listSuspendedTokens(filter),
  }
}

function listOf(count: number): number {
  return Math.floor(count / TOKENS_PER_LIST) + 1
}

function isFresh({ signedAt }: SignedTokenList, now: number): boolean {
  return now >= signedAt && now - signedAt < TTL_SECONDS * 1000
}
