import { BehalfError, type Clock, digestSha256 } from '@behalf/core'
import type { Did } from '@behalf/did'
import type { EnrolWorkloadOptions, Issuer } from '@behalf/issuer'
import type { WorkloadBody } from '../body-schemas.ts'
import { resolveHostHere } from '../checked-addresses.ts'
import { createAddressRule } from '../notices/address-rule.ts'
import { checkWorkloadIssuers } from './check-workload-issuers.ts'
import type { FetchContext } from './fetch-document.ts'
import { createIssuerKeys } from './issuer-keys.ts'
import { readRoot } from './read-root.ts'
import { createRevocationLists } from './revocation-lists.ts'
import { type CertificateIssuer, verifyWorkloadCertificate } from './verify-workload-certificate.ts'
import { type TokenIssuer, verifyWorkloadToken } from './verify-workload-token.ts'
import type {
  ConfiguredGrant,
  JwtWorkloadIssuer,
  WorkloadIssuer,
  WorkloadNetwork,
  X509WorkloadIssuer,
} from './workload-options.ts'

/**
 * Resolves to what a key proves about where it runs, and all that is granted there.
 *
 * @param agent - whose key signed the request
 * @throws AuthorityError as `verifyWorkloadToken` and `verifyWorkloadCertificate`
 */
export type VerifyWorkload = (workload: WorkloadBody['workload'], agent: Did) => Promise<EnrolWorkloadOptions>

const DEFAULT_TIMEOUT_SECONDS = 5

/**
 * Returns what checks proofs of workloads against the configuration.
 *
 * @throws TypeError for a configuration that makes no sense, grants included
 */
export function createWorkloadVerifier(
  options: {
    readonly origin: string
    readonly workloadIssuers?: readonly WorkloadIssuer[]
    readonly workloadNetwork?: WorkloadNetwork
  },
  { issuer, clock }: { readonly issuer: Issuer; readonly clock: Clock },
): VerifyWorkload {
  const { origin, workloadIssuers = [] } = options
  checkWorkloadIssuers(workloadIssuers)
  for (const { grants = [] } of workloadIssuers) for (const grant of grants) checkTerms(issuer, grant)
  const network = createNetwork(options)
  const parts = { network, clock }
  const tokens = workloadIssuers.flatMap((one) => (one.type === 'jwt' ? [openTokens(one, parts)] : []))
  const certificates = workloadIssuers.flatMap((one) =>
    one.type === 'x509' ? [openCertificates(one, parts)] : [],
  )
  refuseSharedRoots(certificates)
  return async (workload, agent) => {
    const shown = { origin, agent, now: clock() }
    const proof =
      workload.type === 'jwt'
        ? await verifyWorkloadToken(workload.token, { issuers: tokens, shown })
        : await verifyWorkloadCertificate(workload.proof, { issuers: certificates, shown })
    return { proof, grants: findGrants(workloadIssuers, proof) }
  }
}

interface OpenParts {
  readonly network: FetchContext
  readonly clock: Clock
}

function createNetwork({
  origin,
  workloadNetwork: { addresses = [], roots = [], ...network } = {},
}: {
  readonly origin: string
  readonly workloadNetwork?: WorkloadNetwork
}): FetchContext {
  const { resolveHost = resolveHostHere, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = network
  if (!(timeoutSeconds > 0)) throw new TypeError('workloadNetwork.timeoutSeconds must be positive')
  return { rule: createAddressRule({ origin, named: addresses }), resolveHost, timeoutSeconds, roots }
}

function openTokens(options: JwtWorkloadIssuer, parts: OpenParts): TokenIssuer {
  const { jwks = {}, jwksUrl } = options
  const source = jwksUrl === undefined ? { jwks } : { jwksUrl: new URL(jwksUrl) }
  return { options, findKey: createIssuerKeys(source, parts) }
}

function openCertificates(options: X509WorkloadIssuer, parts: OpenParts): CertificateIssuer {
  const { roots, revocation } = options
  const urls = 'crlUrls' in revocation ? revocation.crlUrls.map((url) => new URL(url)) : undefined
  return {
    options,
    roots: roots.map(readRoot),
    checkRevocation: urls && createRevocationLists(urls, parts),
  }
}

/** Whose word a certificate is, is told by the root it leads to. */
function refuseSharedRoots(issuers: readonly CertificateIssuer[]): void {
  const digests = issuers.flatMap(({ roots }) =>
    roots.map(({ rawData }) => digestSha256(new Uint8Array(rawData))),
  )
  if (new Set(digests).size === digests.length) return
  throw new TypeError('workloadIssuers: each root must be there once')
}

function checkTerms(issuer: Issuer, grant: ConfiguredGrant): void {
  try {
    issuer.checkEnrolTerms(grant)
  } catch (cause) {
    if (!(cause instanceof BehalfError)) throw cause
    throw new TypeError(`workloadIssuers: nobody could have the grant ${grant.id}: ${cause.message}`, {
      cause,
    })
  }
}

function findGrants(
  issuers: readonly WorkloadIssuer[],
  proof: EnrolWorkloadOptions['proof'],
): EnrolWorkloadOptions['grants'] {
  const own = issuers.find(({ type, issuer }) => type === proof.type && issuer === proof.issuer)
  return (own?.grants ?? []).filter((grant) => isMeant(grant, proof))
}

/** All that a grant asks for must be there. */
function isMeant(grant: ConfiguredGrant, proof: EnrolWorkloadOptions['proof']): boolean {
  const claims = Object.entries(grant.claims ?? {})
  return grant.subject === proof.subject && claims.every(([name, value]) => proof.claims[name] === value)
}
