import type { JsonObject } from '@behalf/core'
import type { WorkloadGrant } from '@behalf/issuer'
import type { ResolveHost } from '../checked-addresses.ts'
import type { WorkloadAlgorithm } from './workload-algorithm.ts'

/** Somebody whose word on where an agent runs is taken here. */
export type WorkloadIssuer = JwtWorkloadIssuer | X509WorkloadIssuer

/** Signs tokens: Kubernetes, SPIFFE (JWT-SVID), or a CI system by OpenID Connect. */
export interface JwtWorkloadIssuer {
  readonly type: 'jwt'
  /**
   * What `iss` must be, exactly. For JWT-SVIDs the trust domain, `spiffe://example.org`: then `sub` must be a SPIFFE ID
   * in it, and `iss` counts for nothing.
   */
  readonly issuer: string
  readonly algorithms: readonly WorkloadAlgorithm[]
  /** Its JWK Set. Either this or `jwksUrl`. */
  readonly jwks?: JsonObject
  /** Where its JWK Set is: on https, or also http for an authority on this machine. */
  readonly jwksUrl?: string
  /**
   * How a token is tied to the key it enrols.
   *
   * - `audience`: the workload asks for a token with the audience `ORIGIN#DID` of its key: no other key can use it.
   * - `first-use`: the audience is `ORIGIN`, because the workload cannot choose it. Whoever shows the token first, has
   *   it: it must be kept as secret as a password until then.
   */
  readonly binding: 'audience' | 'first-use'
  /**
   * What else to remember of a token: names for policies and people, and JSON pointers (RFC 6901) to texts, booleans or
   * whole numbers in it. They go on record and stay there, so none should name a person.
   */
  readonly claims?: Readonly<Record<string, string>>
  /** Longest time from `iat` to `exp`. Default 86,400. */
  readonly maxTokenSeconds?: number
  readonly grants?: readonly ConfiguredGrant[]
}

/** Signs certificates: a SPIFFE server (X.509-SVID) or a company's own authority, as IAM Roles Anywhere takes them. */
export interface X509WorkloadIssuer {
  readonly type: 'x509'
  /** With `subject: 'spiffe'` the trust domain, `spiffe://example.org`; otherwise a name for it, in policies and on record. */
  readonly issuer: string
  /** Certificates in PEM. Only what leads to one of them counts; the roots of the runtime count for nothing. */
  readonly roots: readonly string[]
  /** What the workload is called: its one SPIFFE ID, or its distinguished name as RFC 4514 spells it. */
  readonly subject: 'spiffe' | 'distinguished-name'
  /** How it is known that a certificate was not revoked. */
  readonly revocation: Revocation
  readonly grants?: readonly ConfiguredGrant[]
}

/** How it is known that a certificate was not revoked. */
export type Revocation =
  | {
      /** It lives so shortly that nobody has to revoke it: the longest time from its beginning to its end. */
      readonly maxLifetimeSeconds: number
    }
  | {
      /** Where the revocation lists of all who sign in a chain are, in DER or PEM; fetched when needed. */
      readonly crlUrls: readonly string[]
    }

/** What the operators let a workload have by itself. */
export interface ConfiguredGrant extends WorkloadGrant {
  /** The subject, exactly. */
  readonly subject: string
  /** Claims that it must have besides, exactly, by the names in `claims` of its issuer. */
  readonly claims?: Readonly<Record<string, string>>
}

/** How keys and revocation lists of workload issuers are fetched. */
export interface WorkloadNetwork {
  /** Addresses or ranges, such as `10.1.0.0/16`, that may be called although they are not public. Default: none. */
  readonly addresses?: readonly string[]
  /** Certificates of roots, in PEM, that are trusted in TLS beside those of the runtime. Default: none. */
  readonly roots?: readonly string[]
  /** Default: that of this machine. */
  readonly resolveHost?: ResolveHost
  /** For how long an answer may take. Default 5. */
  readonly timeoutSeconds?: number
}
