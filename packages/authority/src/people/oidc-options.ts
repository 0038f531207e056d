import { ROLES, type Role } from './person.ts'

/** How people of a company sign in with its own login, by OpenID Connect. */
export interface OidcOptions {
  /** The provider's issuer identifier, exactly: `https://login.example`, or http on this machine. */
  readonly issuer: string
  readonly clientId: string
  /** Default: a public client, with PKCE alone. */
  readonly clientSecret?: string
  /**
   * The claim of the ID token that is the id of the person here, such as `preferred_username`. It must be one that the
   * company gives, not one that people choose.
   */
  readonly principalClaim: string
  /** The claim of the ID token that lists groups. Default `groups`. */
  readonly groupsClaim?: string
  /** What the members of a group may do here. Groups that are not here give nothing. */
  readonly roles: Readonly<Record<string, Role>>
  /** What is asked for. Default `openid`. */
  readonly scope?: string
  /** How long an answer of the provider may take. Default 10. */
  readonly timeoutSeconds?: number
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch
}

/** The options with nothing left open. */
export interface CheckedOidcOptions extends Required<Omit<OidcOptions, 'clientSecret' | 'roles' | 'issuer'>> {
  readonly issuer: URL
  readonly clientSecret: string | undefined
  readonly roles: ReadonlyMap<string, Role>
}

const DEFAULT_TIMEOUT_SECONDS = 10
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Returns the options, complete.
 *
 * @throws TypeError for an issuer that is not on https or on this machine, an empty text, a scope without `openid`, no time to
 *   answer in, or roles that name none or one that does not exist
 */
export function checkOidcOptions(options: OidcOptions): CheckedOidcOptions {
  const { clientSecret, groupsClaim = 'groups', scope = 'openid', fetch = globalThis.fetch } = options
  const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = options
  const texts = { clientId: options.clientId, principalClaim: options.principalClaim, groupsClaim }
  for (const [name, text] of Object.entries(texts)) {
    if (typeof text !== 'string' || text === '') throw new TypeError(`oidc.${name} must be a text`)
  }
  if (clientSecret === '') throw new TypeError('oidc.clientSecret must not be empty')
  if (!scope.split(' ').includes('openid')) throw new TypeError('oidc.scope must contain openid')
  if (!(timeoutSeconds > 0)) throw new TypeError('oidc.timeoutSeconds must be greater than 0')
  return {
    ...texts,
    timeoutSeconds,
    issuer: checkIssuer(options.issuer),
    clientSecret,
    scope,
    fetch,
    roles: checkRoleMap(options.roles),
  }
}

function checkIssuer(issuer: string): URL {
  const url = URL.parse(issuer)
  const isSecure =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK_HOSTS.has(url.hostname))
  if (url && isSecure && url.search === '' && url.hash === '') return url
  throw new TypeError('oidc.issuer must be an address on https, or on this machine')
}

function checkRoleMap(roles: Readonly<Record<string, Role>>): ReadonlyMap<string, Role> {
  const entries = Object.entries(roles)
  if (entries.length === 0) throw new TypeError('oidc.roles must name at least one group')
  for (const [group, role] of entries) {
    if (!ROLES.includes(role)) throw new TypeError(`oidc.roles: ${group} must be one of ${ROLES.join(', ')}`)
  }
  return new Map(entries)
}
