import { generateCookie } from 'hono/cookie'
import { AuthorityError } from '../error.ts'
import { readText } from '../json-column.ts'
import { CEREMONY_SECONDS, dropCeremony, openCeremony } from './ceremony.ts'
import type { OidcSecrets } from './oidc-client.ts'
import type { PeopleContext } from './people-context.ts'
import { createToken, hashSecret } from './secret-code.ts'
import type { LiveSession } from './session.ts'

/**
 * Name of the cookie that ties a company login to the browser in which it began. It is `Lax`, so that it comes along
 * when the provider sends the browser back; the cookie of the session, which is `Strict`, does not.
 */
export const LOGIN_COOKIE = '__Host-behalf-login'

/** A company login under way. */
export interface OidcTransaction extends OidcSecrets {
  /** A path of this site. */
  readonly returnTo: string
  /** Hash of the token of the session in which it began. */
  readonly session: string | undefined
  /** Who was signed in when it began. */
  readonly person: string | undefined
}

/**
 * A company login waits for the provider's answer, for five minutes.
 *
 * @returns what binds the answer to it, and the header that gives the browser its cookie
 * @throws AuthorityError `rate_limited` when too many wait
 */
export async function openTransaction(
  context: Pick<PeopleContext, 'database' | 'clock' | 'random'>,
  { returnTo, session }: { readonly returnTo: string; readonly session: LiveSession | undefined },
): Promise<{ readonly secrets: OidcSecrets; readonly cookie: string }> {
  const { random } = context
  const token = createToken(random)
  const secrets = { state: createToken(random), nonce: createToken(random), verifier: createToken(random) }
  await openCeremony(context, {
    purpose: 'oidc',
    id: hashSecret(token),
    data: {
      ...secrets,
      returnTo,
      ...(session && { session: session.tokenHash, person: session.person.id }),
    },
  })
  return { secrets, cookie: writeCookie(token, CEREMONY_SECONDS) }
}

/**
 * Returns the login that this browser began. It is over, whatever the provider's answer is worth.
 *
 * @param token - the value of the cookie, as sent
 * @throws AuthorityError `oidc_invalid` for one that never was, or is over
 */
export async function takeTransaction(
  context: Pick<PeopleContext, 'database' | 'clock'>,
  token: string | undefined,
): Promise<OidcTransaction> {
  const ceremony =
    token === undefined ? undefined : await dropCeremony(context, { id: hashSecret(token), purpose: 'oidc' })
  if (!ceremony) throw new AuthorityError('oidc_invalid', 'No company login was begun in this browser')
  const { state, nonce, verifier, returnTo, session, person } = ceremony.data
  return {
    state: readText(state),
    nonce: readText(nonce),
    verifier: readText(verifier),
    returnTo: readText(returnTo),
    session: session === undefined ? undefined : readText(session),
    person: person === undefined ? undefined : readText(person),
  }
}

/** The header that takes the cookie from the browser. */
export function clearLoginCookie(): string {
  return writeCookie('', 0)
}

function writeCookie(token: string, maxAge: number): string {
  return generateCookie(LOGIN_COOKIE, token, {
    path: '/',
    secure: true,
    httpOnly: true,
    sameSite: 'Lax',
    maxAge,
  })
}
