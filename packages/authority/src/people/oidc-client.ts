import { type Clock, systemClock } from '@behalf/core'
import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientError,
  type Configuration,
  calculatePKCECodeChallenge,
  clockSkew,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  ResponseBodyError,
} from 'openid-client'
import { AuthorityError } from '../error.ts'
import type { CheckedOidcOptions } from './oidc-options.ts'
import { ROLES, type Role } from './person.ts'

/** What binds an answer of the provider to the question it was asked. All three are random, in base64url. */
export interface OidcSecrets {
  readonly state: string
  readonly nonce: string
  /** The code verifier of PKCE. */
  readonly verifier: string
}

/** Whom the provider vouches for, out of a verified ID token. */
export interface CompanyIdentity {
  /** The provider. */
  readonly issuer: string
  /** Unique there and never given to anybody else. */
  readonly subject: string
  /** The principal claim, hostile until it is checked. */
  readonly id: string
  /** For people to read: hostile text. */
  readonly name: string | undefined
  /** Those of the person's groups, in order, each once; may be none. */
  readonly roles: readonly Role[]
}

/** The provider, as this authority talks to it. */
export interface OidcClient {
  /**
   * Returns where the browser goes to sign in.
   *
   * @throws AuthorityError `oidc_unavailable`
   */
  begin(secrets: OidcSecrets): Promise<URL>
  /**
   * Returns whom the provider vouches for. The ID token is of this provider, for this client, for this question,
   * signed and not expired; the code was issued for the same verifier.
   *
   * @param query - of the address the provider sent the browser to
   * @throws AuthorityError `oidc_invalid`, `oidc_unavailable`
   * @see OpenID Connect Core 1.0 section 3.1.3.7
   */
  finish(query: Readonly<Record<string, string>>, secrets: OidcSecrets): Promise<CompanyIdentity>
}

// The provider, or something in front of it, answered with what is no answer: nothing is known about the person.
const NO_ANSWER: ReadonlySet<unknown> = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
])

/** Returns the client. What the provider is like, and its keys, are asked for at each step of each login. */
export function createOidcClient(
  options: CheckedOidcOptions,
  { clock, origin }: { readonly clock: Clock; readonly origin: string },
): OidcClient {
  const redirectUri = `${origin}/api/oidc/callback`
  return {
    begin: async ({ state, nonce, verifier }) =>
      translate(async () =>
        buildAuthorizationUrl(await discover(options, clock()), {
          redirect_uri: redirectUri,
          scope: options.scope,
          state,
          nonce,
          code_challenge: await calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        }),
      ),
    finish: async (query, { state, nonce, verifier }) => {
      const url = new URL(`${redirectUri}?${new URLSearchParams(query).toString()}`)
      const tokens = await translate(async () =>
        authorizationCodeGrant(await discover(options, clock()), url, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        }),
      )
      return readIdentity(tokens.claims() ?? {}, options)
    },
  }
}

/** Whatever is wrong with the provider's description of itself says nothing about the person: it is not available. */
async function discover(options: CheckedOidcOptions, now: number): Promise<Configuration> {
  return describeProvider(options, now).catch((cause: unknown) => {
    throw unavailable(cause)
  })
}

function describeProvider(
  { issuer, clientId, clientSecret, timeoutSeconds, fetch }: CheckedOidcOptions,
  now: number,
): Promise<Configuration> {
  const metadata = {
    ...(clientSecret !== undefined && { client_secret: clientSecret }),
    // The library reads the clock of the system; its answer is to be right by ours.
    [clockSkew]: Math.round((now - systemClock()) / 1000),
  }
  return discovery(issuer, clientId, metadata, undefined, {
    timeout: timeoutSeconds,
    [customFetch]: (url, init) => fetch(url, init as RequestInit),
    // Plain http gets this far only on this machine. The signature counts even where the connection is trusted.
    execute: [enableNonRepudiationChecks, ...(issuer.protocol === 'http:' ? [allowInsecureRequests] : [])],
  })
}

function readIdentity(
  claims: Readonly<Record<string, unknown>>,
  { principalClaim, groupsClaim, roles }: CheckedOidcOptions,
): CompanyIdentity {
  const { iss, sub, name } = claims
  const id = claims[principalClaim]
  const groups = claims[groupsClaim] ?? []
  if (typeof iss !== 'string' || typeof sub !== 'string' || typeof id !== 'string') {
    throw new AuthorityError('oidc_invalid', `The ID token has no text in ${principalClaim}`)
  }
  if (!Array.isArray(groups))
    throw new AuthorityError('oidc_invalid', `${groupsClaim} is not a list of groups`)
  const given = new Set(groups.map((group) => roles.get(String(group))))
  return {
    issuer: iss,
    subject: sub,
    id,
    name: typeof name === 'string' ? name : undefined,
    roles: ROLES.filter((role) => given.has(role)),
  }
}

async function translate<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof AuthorityError) throw cause
    if (isNoAnswer(cause)) throw unavailable(cause)
    throw new AuthorityError('oidc_invalid', `The company login did not hold: ${describe(cause)}`, { cause })
  }
}

function unavailable(cause: unknown): AuthorityError {
  return new AuthorityError(
    'oidc_unavailable',
    `The provider of the company login does not answer as one: ${describe(cause)}`,
    { cause },
  )
}

/** What `fetch` throws has no code of its own; what the library finds wrong has one. */
function isNoAnswer(error: unknown): boolean {
  if (error instanceof ClientError) return NO_ANSWER.has(error.code)
  return error instanceof TypeError && !('code' in error)
}

/** Hostile text of the provider, or of whoever made the link. */
function describe(error: unknown): string {
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError) {
    return `${error.error} ${error.error_description ?? ''}`.trim()
  }
  if (!(error instanceof Error)) return 'unknown'
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
