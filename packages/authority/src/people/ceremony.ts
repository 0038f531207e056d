import { encodeBase64url, type JsonObject } from '@behalf/core'
import { sql } from 'kysely'
import type { AuthorityDatabase } from '../database-schema.ts'
import { AuthorityError } from '../error.ts'
import { readJsonColumn, readText } from '../json-column.ts'
import type { PeopleContext } from './people-context.ts'
import { hashSecret } from './secret-code.ts'
import type { LiveSession } from './session.ts'

/** What a ceremony is for. The answer to one is no answer to another. */
export type CeremonyPurpose = 'claim' | 'join' | 'recover' | 'passkey' | 'login' | 'step-up' | 'approval'

/** One passkey ceremony that waits for its answer. */
export interface Ceremony {
  /** base64url. */
  readonly challenge: string
  /** What it began with, kept here so that nobody else chooses it. */
  readonly data: JsonObject
}

/** The ceremony that an answer says it is to. */
export interface ExpectedCeremony {
  readonly id: string
  readonly purpose: CeremonyPurpose
  readonly session?: LiveSession
}

/** What a ceremony begins with. */
export interface OpenCeremonyOptions {
  readonly purpose: CeremonyPurpose
  /** Default: 16 random bytes in base64url. */
  readonly id?: string
  /** base64url; default: 32 random bytes. */
  readonly challenge?: string
  readonly session?: LiveSession
  readonly data?: JsonObject
}

const ID_BYTES = 16
const CHALLENGE_BYTES = 32
const CHALLENGE = 'challenge'
/** How long a ceremony waits for its answer. */
export const CEREMONY_SECONDS: number = 5 * 60

/** Of one code; who holds it needs no more at a time, and those before are over. */
const MAX_PER_CODE = 5

/**
 * A ceremony waits for its answer, for five minutes. What anybody may begin, a login, is not kept here; what takes a
 * code waits at most five times for each, the last ones.
 *
 * @returns its id and its challenge
 */
export async function openCeremony(
  { database, clock, random, tickets }: Pick<PeopleContext, 'database' | 'clock' | 'random' | 'tickets'>,
  options: OpenCeremonyOptions,
): Promise<{ readonly id: string; readonly challenge: string }> {
  const { purpose, session, data = {} } = options
  if (purpose === 'login') {
    const ticket = tickets.issue(purpose, data)
    return { id: ticket, challenge: tickets.derive(ticket, CHALLENGE) }
  }
  const id = options.id ?? encodeBase64url(random(ID_BYTES))
  const challenge = options.challenge ?? encodeBase64url(random(CHALLENGE_BYTES))
  const now = clock()
  const row = {
    id,
    purpose,
    challenge,
    session: session?.tokenHash ?? null,
    data_json: JSON.stringify(data),
    expires_at: now + CEREMONY_SECONDS * 1000,
  }
  await database.transaction().execute(async (db) => {
    await db.deleteFrom('ceremonies').where('expires_at', '<=', now).execute()
    if (data['code'] !== undefined) await makeRoom(db, readText(data['code']))
    await db.insertInto('ceremonies').values(row).execute()
  })
  return { id, challenge }
}

async function makeRoom(db: AuthorityDatabase, code: string): Promise<void> {
  const ofCode = sql<string>`json_extract(data_json, '$.code')`
  const newest = db
    .selectFrom('ceremonies')
    .select('id')
    .where(ofCode, '=', code)
    .orderBy('expires_at', 'desc')
    .orderBy('id')
    .limit(MAX_PER_CODE - 1)
  await db.deleteFrom('ceremonies').where(ofCode, '=', code).where('id', 'not in', newest).execute()
}

/**
 * The ceremony is over, whatever its answer is worth: it was deleted before anything of the answer was looked at.
 *
 * @throws AuthorityError `webauthn_challenge_invalid` for one that never was, is over, has another purpose, or was begun
 *   in another session, and so perhaps by another person
 */
export async function takeCeremony(
  context: Pick<PeopleContext, 'database' | 'clock' | 'tickets'>,
  expected: ExpectedCeremony,
): Promise<Ceremony> {
  const { id, purpose } = expected
  const ceremony = purpose === 'login' ? redeem(context, id) : await dropCeremony(context, expected)
  if (ceremony) return ceremony
  throw new AuthorityError('webauthn_challenge_invalid', 'No such ceremony waits here')
}

function redeem({ tickets }: Pick<PeopleContext, 'tickets'>, ticket: string): Ceremony | undefined {
  const data = tickets.redeem(ticket, 'login')
  return data && { challenge: tickets.derive(ticket, CHALLENGE), data }
}

async function dropCeremony(
  { database, clock }: Pick<PeopleContext, 'database' | 'clock'>,
  expected: ExpectedCeremony,
): Promise<Ceremony | undefined> {
  const row = await database
    .deleteFrom('ceremonies')
    .where('id', '=', expected.id)
    .returningAll()
    .executeTakeFirst()
  const { session } = expected
  const matches =
    row?.purpose === expected.purpose &&
    row.session === (session?.tokenHash ?? null) &&
    row.expires_at > clock()
  if (!matches) return undefined
  return { challenge: row.challenge, data: readJsonColumn(row.data_json) }
}

/**
 * The ticket led to something, and does so once: here, in any other process on this database, and after a restart.
 *
 * @returns false when it did before
 */
export async function settleTicket(
  { database, clock }: Pick<PeopleContext, 'database' | 'clock'>,
  ticket: string,
): Promise<boolean> {
  const used = await database
    .insertInto('ceremonies')
    .values({
      id: `used ${hashSecret(ticket)}`,
      purpose: 'login',
      challenge: '',
      session: null,
      data_json: '{}',
      expires_at: clock() + CEREMONY_SECONDS * 1000,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  return used !== undefined
}
