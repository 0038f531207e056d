import { generateCookie } from 'hono/cookie'
import { AuthorityError } from '../error.ts'
import { readText } from '../json-column.ts'
import { CEREMONY_SECONDS } from './ceremony.ts'
import type { OidcSecrets } from './oidc-client.ts'
import type { PeopleContext } from './people-context.ts'
import type { LiveSession } from './session.ts'
import type { Tickets } from './tickets.ts'

/**
 * Name of the cookie that ties a company login to the browser in which it began. It is `Lax`, so that it comes along
 * when the provider sends the browser back; the cookie of the session, which is `Strict`, does not.
 */
export const LOGIN_COOKIE = '__Host-behalf-login'

/** A company login under way. */
export interface OidcTransaction extends OidcSecrets {
  readonly ticket: string
  /** A path of this site. */
  readonly returnTo: string
  /** Hash of the token of the session in which it began. */
  readonly session: string | undefined
  /** Who was signed in when it began. */
  readonly person: string | undefined
}

/**
 * A company login waits for the provider's answer, for five minutes. Anybody may begin one, so nothing of it is kept.
 *
 * @returns what binds the answer to it, and the header that gives the browser its cookie
 */
export function openTransaction(
  { tickets }: Pick<PeopleContext, 'tickets'>,
  { returnTo, session }: { readonly returnTo: string; readonly session: LiveSession | undefined },
): { readonly secrets: OidcSecrets; readonly cookie: string } {
  const data = { returnTo, ...(session && { session: session.tokenHash, person: session.person.id }) }
  const ticket = tickets.issue('oidc', data)
  return { secrets: secretsOf(tickets, ticket), cookie: writeCookie(ticket, CEREMONY_SECONDS) }
}

/**
 * Returns the login that this browser began. It is over, whatever the provider's answer is worth.
 *
 * @param ticket - the value of the cookie, as sent
 * @throws AuthorityError `oidc_invalid` for one that never was, or is over
 */
export function takeTransaction(
  { tickets }: Pick<PeopleContext, 'tickets'>,
  ticket: string | undefined,
): OidcTransaction {
  const data = ticket === undefined ? undefined : tickets.redeem(ticket, 'oidc')
  if (ticket === undefined || !data) {
    throw new AuthorityError('oidc_invalid', 'No company login was begun in this browser')
  }
  const { returnTo, session, person } = data
  return {
    ...secretsOf(tickets, ticket),
    ticket,
    returnTo: readText(returnTo),
    session: session === undefined ? undefined : readText(session),
    person: person === undefined ? undefined : readText(person),
  }
}

function secretsOf(tickets: Tickets, ticket: string): OidcSecrets {
  return {
    state: tickets.derive(ticket, 'state'),
    nonce: tickets.derive(ticket, 'nonce'),
    verifier: tickets.derive(ticket, 'verifier'),
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
