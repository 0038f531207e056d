import { encodeUtf8, sha256Base64url } from '@behalf/core'
import { generateCookie } from 'hono/cookie'
import type { AuthorityDatabase } from '../database-schema.ts'
import type { PeopleContext } from './people-context.ts'
import type { Person } from './person.ts'
import { createPersonRows } from './person-rows.ts'
import { createToken, hashSecret } from './secret-code.ts'

/** Name of the cookie. `__Host-` binds it to this very host, over a secure connection only. */
export const SESSION_COOKIE = '__Host-behalf-session'

const IDLE_MS = 30 * 60_000
const ABSOLUTE_MS = 12 * 3_600_000
// Writing at each call would sync the disk at each call; a minute is nothing against the half hour.
const SEEN_MS = 60_000

/** How a session began. */
export type LoginMethod = 'passkey' | 'oidc'

/** A session that is alive, and whose it is. */
export interface LiveSession {
  readonly tokenHash: string
  /** What `X-CSRF-Token` must be. */
  readonly csrf: string
  readonly person: Person
  readonly method: LoginMethod
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** A session that was just begun, with the header that gives the browser its cookie. */
export interface NewSession extends LiveSession {
  readonly setCookie: string
}

/** The person has one session more. It ends after half an hour without a call, and after twelve hours. */
export async function beginSession(
  context: Pick<PeopleContext, 'clock' | 'random'>,
  db: AuthorityDatabase,
  { person, method }: { readonly person: Person; readonly method: LoginMethod },
): Promise<NewSession> {
  const token = createToken(context.random)
  const tokenHash = hashSecret(token)
  const now = context.clock()
  await db
    .deleteFrom('sessions')
    .where('last_seen_at', '<=', now - IDLE_MS)
    .execute()
  await db
    .insertInto('sessions')
    .values({ token_hash: tokenHash, person: person.id, method, created_at: now, last_seen_at: now })
    .execute()
  return {
    tokenHash,
    csrf: csrfOf(token),
    person,
    method,
    createdAt: now,
    setCookie: writeCookie(token, ABSOLUTE_MS / 1000),
  }
}

/**
 * Returns the session that a token stands for, and counts the call as a sign of life.
 *
 * @param token - the value of the cookie, as sent
 * @returns undefined when there is none, it has ended, or its person is disabled
 */
export async function findSession(
  context: Pick<PeopleContext, 'clock' | 'database'>,
  token: string,
): Promise<LiveSession | undefined> {
  const tokenHash = hashSecret(token)
  const found = await findSessionRow(context, tokenHash)
  if (!found) return undefined
  const now = context.clock()
  await context.database
    .updateTable('sessions')
    .set({ last_seen_at: now })
    .where('token_hash', '=', tokenHash)
    .where('last_seen_at', '<=', now - SEEN_MS)
    .execute()
  return { tokenHash, csrf: csrfOf(token), ...found }
}

/** Returns whose a session is, as long as it is alive; looking is no sign of life. */
export async function findSessionPerson(
  context: Pick<PeopleContext, 'clock' | 'database'>,
  tokenHash: string,
): Promise<Person | undefined> {
  return (await findSessionRow(context, tokenHash))?.person
}

async function findSessionRow(
  { clock, database }: Pick<PeopleContext, 'clock' | 'database'>,
  tokenHash: string,
): Promise<Pick<LiveSession, 'person' | 'method' | 'createdAt'> | undefined> {
  const now = clock()
  const session = await database
    .selectFrom('sessions')
    .select(['person', 'method', 'created_at'])
    .where('token_hash', '=', tokenHash)
    .where('created_at', '>', now - ABSOLUTE_MS)
    .where('last_seen_at', '>', now - IDLE_MS)
    .executeTakeFirst()
  if (!session) return undefined
  const person = await createPersonRows(database).find(session.person)
  if (!person || person.disabledAt !== undefined) return undefined
  return { person, method: session.method, createdAt: session.created_at }
}

/** The session is over. */
export async function endSession(db: AuthorityDatabase, tokenHash: string): Promise<void> {
  await db.deleteFrom('sessions').where('token_hash', '=', tokenHash).execute()
}

/** Every session of the person is over. */
export async function endSessionsOf(db: AuthorityDatabase, person: string): Promise<void> {
  await db.deleteFrom('sessions').where('person', '=', person).execute()
}

/** The header that takes the cookie from the browser. */
export function clearCookie(): string {
  return writeCookie('', 0)
}

function writeCookie(token: string, maxAge: number): string {
  return generateCookie(SESSION_COOKIE, token, {
    path: '/',
    secure: true,
    httpOnly: true,
    sameSite: 'Strict',
    maxAge,
  })
}

/** A second secret that follows from the first and does not give it away. */
function csrfOf(token: string): string {
  return sha256Base64url(encodeUtf8(`behalf csrf ${token}`))
}
