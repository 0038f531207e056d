import {
  type Clock,
  concatBytes,
  createEd25519Signer,
  encodeBase64url,
  encodeUtf8,
  type JsonObject,
  type Signer,
  sha256,
} from '@behalf/core'
import { MAX_ACCESS_TOKEN_SECONDS, tokenKeyId } from '@behalf/credential'
import type { TokenSigners } from '@behalf/issuer'
import type { AuthorityDatabase } from '../database-schema.ts'
import { AuthorityError } from '../error.ts'
import { createEventRows } from '../event-rows.ts'

/** For how long the published keys may be kept by whoever fetched them. */
export const JWKS_SECONDS = 300

/** The keys that sign tokens: one that signs, the next one, and those before until their last token has ended. */
export interface TokenKeyring extends TokenSigners {
  /** There is a key that signs and a next one. To be called once before anything else. */
  start(): Promise<void>
  /** Every key of `keys`, as JWKs, the one that signs first. */
  jwks(): Promise<readonly JsonObject[]>
  /** Every key of `keys`, the one that signs first, and from when on the next one may. */
  list(): Promise<ListedTokenKeys>
  /**
   * The next key signs from now on, and one after it is published. What the last one signed stays good.
   *
   * @throws AuthorityError `rate_limited` as long as somebody may not have heard of the next key
   */
  rotate(decision: { readonly by: string }): Promise<{ readonly kid: string; readonly next: string }>
}

/** The keys as operators see them. Times in milliseconds since the epoch. */
export interface ListedTokenKeys {
  readonly keys: readonly ListedTokenKey[]
  /** From then on everybody has the next key. */
  readonly rotatableAt: number
}

/** One of them. */
export interface ListedTokenKey {
  readonly kid: string
  readonly state: 'signing' | 'next' | 'retired'
  readonly publishedAt: number
  /** Since when it signs nothing. */
  readonly retiredAt?: number
  /** Until when it is published, because what it signed may hold so long. */
  readonly publishedUntil?: number
}

interface KeyRow {
  readonly number: number
  readonly published_at: number
  readonly retired_at: number | null
}

// A token is at most five seconds ahead of whoever reads it, and so may be its end.
const RETIRED_MS = (MAX_ACCESS_TOKEN_SECONDS + 5) * 1000

/**
 * Returns the keys of tokens. They are made out of a secret and their number: kept nowhere, the same at every start,
 * and none of them leads to another or to the secret.
 *
 * @param options.secret - at least 32 bytes that nobody else knows
 */
export function createTokenKeyring(options: {
  readonly database: AuthorityDatabase
  readonly secret: Uint8Array
  readonly clock: Clock
}): TokenKeyring {
  const { database, clock } = options
  const signerOf = createSigners(options.secret)
  const kidOf = (number: number): string => tokenKeyId(signerOf(number).publicKey)
  /** The one that signs first. */
  const published = async (): Promise<readonly KeyRow[]> => {
    const rows = await readRows(database)
    const current = currentOf(rows)
    const isPublished = ({ retired_at: at }: KeyRow): boolean => at === null || at + RETIRED_MS > clock()
    return [current, ...rows.filter((row) => row !== current && isPublished(row))]
  }
  return {
    start: () => database.transaction().execute((db) => publishUpToNext(db, clock())),
    current: async () => signerOf(currentOf(await readRows(database)).number),
    keys: async () => {
      const keys = (await published()).map(({ number }) => signerOf(number).publicKey)
      const byId = new Map(keys.map((key) => [tokenKeyId(key), key]))
      return (kid) => byId.get(kid)
    },
    jwks: async () => (await published()).map(({ number }) => toJwk(signerOf(number).publicKey)),
    list: async () => {
      const rows = await published()
      const current = currentOf(rows)
      const keys = rows.map((row) => ({ kid: kidOf(row.number), ...describeRow(row, current) }))
      return { keys, rotatableAt: rotatableAt(nextOf(rows)) }
    },
    rotate: ({ by }) =>
      database.transaction().execute(async (db) => {
        const now = clock()
        const { current, next } = await retireCurrent(db, now)
        await publishUpToNext(db, now)
        const data = { retired: kidOf(current), kid: kidOf(next), next: kidOf(next + 1), by }
        await createEventRows(db).appendEvent({ time: now, type: 'token_key_rotated', data })
        return { kid: kidOf(next), next: kidOf(next + 1) }
      }),
  }
}

/** Makes each key once. The secret is hashed before, so that it has a fixed length and comes first. */
function createSigners(secret: Uint8Array): (number: number) => Signer {
  const seed = sha256(secret)
  const made = new Map<number, Signer>()
  return (number) => {
    const known = made.get(number)
    if (known) return known
    const signer = createEd25519Signer(sha256(concatBytes(seed, encodeUtf8(`token key ${number}`))))
    made.set(number, signer)
    return signer
  }
}

async function readRows(db: AuthorityDatabase): Promise<readonly KeyRow[]> {
  return db.selectFrom('token_keys').selectAll().orderBy('number').execute()
}

function currentOf(rows: readonly KeyRow[]): KeyRow {
  const current = rows.find(({ retired_at: at }) => at === null)
  if (current === undefined) throw new Error('No token key was published')
  return current
}

function nextOf(rows: readonly KeyRow[]): KeyRow {
  const [, next] = rows.filter(({ retired_at: at }) => at === null)
  if (next === undefined) throw new Error('No next token key was published')
  return next
}

function rotatableAt(next: KeyRow): number {
  return next.published_at + JWKS_SECONDS * 1000
}

function describeRow(row: KeyRow, current: KeyRow): Omit<ListedTokenKey, 'kid'> {
  const { published_at: publishedAt, retired_at: retiredAt } = row
  if (retiredAt === null) return { state: row === current ? 'signing' : 'next', publishedAt }
  return { state: 'retired', publishedAt, retiredAt, publishedUntil: retiredAt + RETIRED_MS }
}

async function retireCurrent(
  db: AuthorityDatabase,
  now: number,
): Promise<{ readonly current: number; readonly next: number }> {
  const rows = await readRows(db)
  const [current, next] = [currentOf(rows), nextOf(rows)]
  const seconds = Math.ceil((rotatableAt(next) - now) / 1000)
  if (seconds > 0) {
    throw new AuthorityError(
      'rate_limited',
      `The next key was published a moment ago, and not everybody has it: rotate again in ${seconds} s`,
    )
  }
  await db.updateTable('token_keys').set({ retired_at: now }).where('number', '=', current.number).execute()
  return { current: current.number, next: next.number }
}

/** Two keys are not retired: the one that signs, and the next. */
async function publishUpToNext(db: AuthorityDatabase, now: number): Promise<void> {
  const rows = await readRows(db)
  const live = rows.filter(({ retired_at: at }) => at === null).length
  const last = rows.at(-1)?.number ?? 0
  const missing = [last + 1, last + 2].slice(0, 2 - live)
  for (const number of missing) {
    await db.insertInto('token_keys').values({ number, published_at: now, retired_at: null }).execute()
  }
}

/** Spelled as every JOSE library knows the algorithm, see RFC 8037. */
function toJwk(publicKey: Uint8Array): JsonObject {
  const x = encodeBase64url(publicKey)
  return { kty: 'OKP', crv: 'Ed25519', x, alg: 'EdDSA', use: 'sig', kid: tokenKeyId(publicKey) }
}
