import { BehalfError } from '@behalf/core'
import { readKeys } from './issuer-keys.ts'
import { parsePointer } from './read-claims.ts'
import { isTrustDomain } from './spiffe-id.ts'
import { WORKLOAD_ALGORITHMS } from './workload-algorithm.ts'
import type {
  ConfiguredGrant,
  JwtWorkloadIssuer,
  WorkloadIssuer,
  X509WorkloadIssuer,
} from './workload-options.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/u
const MAX_ISSUER_LENGTH = 500

/**
 * The issuers can be told apart, and each says how its word is checked.
 *
 * @throws TypeError that names what makes no sense
 */
export function checkWorkloadIssuers(issuers: readonly WorkloadIssuer[]): void {
  const names = issuers.map(({ type, issuer }) => `${type} ${issuer}`)
  refuseRepeated(names, 'workloadIssuers: each issuer must be there once')
  for (const issuer of issuers) checkIssuer(issuer)
  const grants = issuers.flatMap(({ grants: own = [] }) => own.map(({ id }) => id))
  refuseRepeated(grants, 'workloadIssuers: each grant must have an id of its own')
}

function checkIssuer(issuer: WorkloadIssuer): void {
  const where = `workloadIssuers: ${issuer.issuer}`
  if (issuer.issuer === '' || issuer.issuer.length > MAX_ISSUER_LENGTH) {
    throw new TypeError('workloadIssuers: issuer must be a text of at most 500 characters')
  }
  if (issuer.type === 'jwt') checkJwt(issuer, where)
  else checkX509(issuer, where)
  for (const grant of issuer.grants ?? []) checkGrant(issuer, grant, where)
}

function checkJwt(issuer: JwtWorkloadIssuer, where: string): void {
  const { algorithms, binding, maxTokenSeconds = 1, claims = {} } = issuer
  const isKnown = algorithms.length > 0 && algorithms.every((name) => WORKLOAD_ALGORITHMS.includes(name))
  if (!isKnown) throw new TypeError(`${where}: algorithms must be some of ${WORKLOAD_ALGORITHMS.join(', ')}`)
  if (binding !== 'audience' && binding !== 'first-use') {
    throw new TypeError(`${where}: binding must be audience or first-use`)
  }
  if (!(maxTokenSeconds >= 1)) throw new TypeError(`${where}: maxTokenSeconds must be at least 1`)
  for (const [name, pointer] of Object.entries(claims)) {
    if (!NAME.test(name)) throw new TypeError(`${where}: a claim is called with letters and digits`)
    if (parsePointer(pointer) === undefined) throw new TypeError(`${where}: ${name} must be a JSON pointer`)
  }
  checkKeySource(issuer, where)
  checkTrustDomain(issuer.issuer, where)
}

function checkKeySource({ jwks, jwksUrl }: JwtWorkloadIssuer, where: string): void {
  if ((jwks === undefined) === (jwksUrl === undefined)) {
    throw new TypeError(`${where}: either jwks or jwksUrl must be given`)
  }
  if (jwksUrl !== undefined) checkUrl(jwksUrl, `${where}: jwksUrl`)
  if (jwks === undefined) return
  try {
    if (readKeys(jwks).length > 0) return
  } catch (error) {
    if (!(error instanceof BehalfError)) throw error
  }
  throw new TypeError(`${where}: jwks must be a JWK Set with keys`)
}

function checkX509(issuer: X509WorkloadIssuer, where: string): void {
  const { roots, subject, revocation } = issuer
  if (roots.length === 0) throw new TypeError(`${where}: roots must name at least one certificate`)
  if (subject !== 'spiffe' && subject !== 'distinguished-name') {
    throw new TypeError(`${where}: subject must be spiffe or distinguished-name`)
  }
  if ((subject === 'spiffe') !== isTrustDomain(issuer.issuer)) {
    throw new TypeError(`${where}: the issuer is spiffe://TRUST-DOMAIN exactly where subject is spiffe`)
  }
  if ('crlUrls' in revocation) {
    if (revocation.crlUrls.length === 0) throw new TypeError(`${where}: crlUrls must name at least one list`)
    for (const url of revocation.crlUrls) checkUrl(url, `${where}: crlUrls`)
  } else if (!(revocation.maxLifetimeSeconds >= 1)) {
    throw new TypeError(`${where}: maxLifetimeSeconds must be at least 1`)
  }
}

function checkGrant(issuer: WorkloadIssuer, grant: ConfiguredGrant, where: string): void {
  if (!NAME.test(grant.id)) throw new TypeError(`${where}: a grant's id is made of letters and digits`)
  if (grant.subject === '') throw new TypeError(`${where}: the grant ${grant.id} must name a subject`)
  const known = issuer.type === 'jwt' ? (issuer.claims ?? {}) : {}
  const unknown = Object.keys(grant.claims ?? {}).find((name) => !Object.hasOwn(known, name))
  if (unknown === undefined) return
  throw new TypeError(
    `${where}: the grant ${grant.id} asks for ${unknown}, which is no claim that is remembered`,
  )
}

function checkTrustDomain(issuer: string, where: string): void {
  if (!issuer.startsWith('spiffe:') || isTrustDomain(issuer)) return
  throw new TypeError(`${where}: a trust domain is spelled spiffe://example.org`)
}

function checkUrl(text: string, where: string): void {
  const url = URL.parse(text)
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (url && isWeb && url.username === '' && url.password === '' && url.hash === '') return
  throw new TypeError(`${where} must be an address on https without credentials`)
}

function refuseRepeated(names: readonly string[], message: string): void {
  if (new Set(names).size < names.length) throw new TypeError(message)
}
