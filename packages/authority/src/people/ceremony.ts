import { encodeBase64url, type JsonObject } from '@behalf/core'
import { AuthorityError } from '../error.ts'
import { readJsonColumn } from '../json-column.ts'
import type { PeopleContext } from './people-context.ts'
import type { LiveSession } from './session.ts'

/** What a ceremony is for. The answer to one is no answer to another. */
export type CeremonyPurpose =
  | 'claim'
  | 'join'
  | 'recover'
  | 'passkey'
  | 'login'
  | 'step-up'
  | 'approval'
  | 'oidc'

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
/** How long a ceremony waits for its answer. */
export const CEREMONY_SECONDS: number = 5 * 60

/** Waiting ceremonies that nobody signed in for; more would only come from somebody who fills the disk. */
const MAX_ANONYMOUS = 10_000

/**
 * A ceremony waits for its answer, for five minutes.
 *
 * @returns its id and its challenge
 * @throws AuthorityError `rate_limited` when too many wait that nobody signed in for
 */
export async function openCeremony(
  { database, clock, random }: Pick<PeopleContext, 'database' | 'clock' | 'random'>,
  options: OpenCeremonyOptions,
): Promise<{ readonly id: string; readonly challenge: string }> {
  const { purpose, session, data = {} } = options
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
    if (!session) {
      const { count } = await db
        .selectFrom('ceremonies')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('session', 'is', null)
        .executeTakeFirstOrThrow()
      if (count >= MAX_ANONYMOUS) throw new AuthorityError('rate_limited', 'Too many ceremonies wait')
    }
    await db.insertInto('ceremonies').values(row).execute()
  })
  return { id, challenge }
}

/**
 * The ceremony is over, whatever its answer is worth: it was deleted before anything of the answer was looked at.
 *
 * @throws AuthorityError `webauthn_challenge_invalid` for one that never was, is over, has another purpose, or was begun
 *   in another session, and so perhaps by another person
 */
export async function takeCeremony(
  context: Pick<PeopleContext, 'database' | 'clock'>,
  expected: ExpectedCeremony,
): Promise<Ceremony> {
  const ceremony = await dropCeremony(context, expected)
  if (ceremony) return ceremony
  throw new AuthorityError('webauthn_challenge_invalid', 'No such ceremony waits here')
}

/** The same, for who names the refusal otherwise: undefined where `takeCeremony` throws. */
export async function dropCeremony(
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
