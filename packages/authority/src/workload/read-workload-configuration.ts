import { isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'
import { z } from '@hono/zod-openapi'
import { checkWorkloadIssuers } from './check-workload-issuers.ts'
import { WORKLOAD_ALGORITHMS } from './workload-algorithm.ts'
import type {
  ConfiguredGrant,
  JwtWorkloadIssuer,
  WorkloadIssuer,
  WorkloadNetwork,
  X509WorkloadIssuer,
} from './workload-options.ts'

/** Whose word on where an agent runs is taken, and how what it takes to check it is fetched. */
export interface WorkloadConfiguration {
  readonly issuers: readonly WorkloadIssuer[]
  readonly network: WorkloadNetwork
}

const texts = z.array(z.string())
const claims = z.record(z.string(), z.string())
const jsonObject = z.custom<JsonObject>(isJsonObject)

const grant = z
  .strictObject({
    id: z.string(),
    subject: z.string(),
    claims: claims.optional(),
    on_behalf_of: z.strictObject({
      id: z.string(),
      role: z.string().optional(),
      tenant: z.string().optional(),
    }),
    // What is inside is for the one parser of capabilities.
    capabilities: z.custom<JsonValue>(Array.isArray),
    max_seconds: z.number(),
    max_delegation_depth: z.number().optional(),
  })
  .transform(
    ({
      id,
      subject,
      capabilities,
      claims: asked,
      on_behalf_of,
      max_seconds,
      max_delegation_depth,
    }): ConfiguredGrant => {
      const { id: principal, role, tenant } = on_behalf_of
      return {
        id,
        subject,
        capabilities,
        onBehalfOf: {
          id: principal,
          ...(role !== undefined && { role }),
          ...(tenant !== undefined && { tenant }),
        },
        maxSeconds: max_seconds,
        ...(asked && { claims: asked }),
        ...(max_delegation_depth !== undefined && { maxDelegationDepth: max_delegation_depth }),
      }
    },
  )
const grants = z.array(grant).default([])

const jwt = z
  .strictObject({
    type: z.literal('jwt'),
    issuer: z.string(),
    algorithms: z.array(z.enum(WORKLOAD_ALGORITHMS)),
    jwks: jsonObject.optional(),
    jwks_url: z.string().optional(),
    binding: z.enum(['audience', 'first-use']),
    claims: claims.optional(),
    max_token_seconds: z.number().optional(),
    grants,
  })
  .transform(
    ({ jwks, jwks_url, max_token_seconds, claims: chosen, ...issuer }): JwtWorkloadIssuer => ({
      ...issuer,
      ...(jwks && { jwks }),
      ...(jwks_url !== undefined && { jwksUrl: jwks_url }),
      ...(chosen && { claims: chosen }),
      ...(max_token_seconds !== undefined && { maxTokenSeconds: max_token_seconds }),
    }),
  )

const revocation = z.union([
  z
    .strictObject({ max_lifetime_seconds: z.number() })
    .transform(({ max_lifetime_seconds }) => ({ maxLifetimeSeconds: max_lifetime_seconds })),
  z.strictObject({ crl_urls: texts }).transform(({ crl_urls }) => ({ crlUrls: crl_urls })),
])

const x509 = z
  .strictObject({
    type: z.literal('x509'),
    issuer: z.string(),
    roots: texts,
    subject: z.enum(['spiffe', 'distinguished-name']),
    revocation,
    grants,
  })
  .transform((issuer): X509WorkloadIssuer => issuer)

const configuration = z.strictObject({
  issuers: z.array(z.union([jwt, x509])),
  addresses: texts.default([]),
  tls_roots: texts.default([]),
})

/**
 * Returns the configuration that a JSON document describes: the members of `WorkloadIssuer`, in the spelling of files.
 *
 * @throws TypeError that names what is wrong
 * @example
 * readWorkloadConfiguration(parseJson('{"issuers":[]}')) // nobody's word is taken
 */
export function readWorkloadConfiguration(document: JsonValue): WorkloadConfiguration {
  const { success, data, error } = configuration.safeParse(document)
  if (!success) throw new TypeError(describe(error))
  const { issuers, addresses, tls_roots: roots } = data
  checkWorkloadIssuers(issuers)
  return { issuers, network: { addresses, roots } }
}

function describe(error: z.ZodError): string {
  const [issue] = error.issues
  // In a union the first choice that got furthest says what is meant.
  const inside = issue?.code === 'invalid_union' ? issue.errors.toSorted(byDepth)[0]?.[0] : undefined
  const path = [...(issue?.path ?? []), ...(inside?.path ?? [])].join('.')
  return `${path === '' ? 'the document' : path}: ${(inside ?? issue)?.message ?? 'not as it should be'}`
}

function byDepth(left: readonly z.core.$ZodIssue[], right: readonly z.core.$ZodIssue[]): number {
  return left.length - right.length
}
