import { BehalfError, type Clock } from '@behalf/core'
import type { Did } from '@behalf/did'
import type { EnrolWorkloadOptions, Issuer } from '@behalf/issuer'
import type { WorkloadBody } from '../body-schemas.ts'
import { resolveHostHere } from '../checked-addresses.ts'
import { createAddressRule } from '../notices/address-rule.ts'
import { checkWorkloadIssuers } from './check-workload-issuers.ts'
import type { FetchContext } from './fetch-document.ts'
import { createIssuerKeys } from './issuer-keys.ts'
import { type TokenIssuer, verifyWorkloadToken } from './verify-workload-token.ts'
import type {
  ConfiguredGrant,
  JwtWorkloadIssuer,
  WorkloadIssuer,
  WorkloadNetwork,
} from './workload-options.ts'

/**
 * Resolves to what a key proves about where it runs, and all that is granted there.
 *
 * @param agent - whose key signed the request
 * @throws AuthorityError as `verifyWorkloadToken`
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
  const tokens = workloadIssuers.flatMap((one) =>
    one.type === 'jwt' ? [openTokens(one, network, clock)] : [],
  )
  return async (workload, agent) => {
    const shown = { origin, agent, now: clock() }
    const token = workload.type === 'jwt' ? workload.token : workload.proof
    const proof = await verifyWorkloadToken(token, { issuers: tokens, shown })
    return { proof, grants: findGrants(workloadIssuers, proof) }
  }
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

function openTokens(options: JwtWorkloadIssuer, network: FetchContext, clock: Clock): TokenIssuer {
  const { jwks = {}, jwksUrl } = options
  const source = jwksUrl === undefined ? { jwks } : { jwksUrl: new URL(jwksUrl) }
  return { options, findKey: createIssuerKeys(source, { network, clock }) }
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
