import {
  type AnyVerifiedRequest,
  type AuthorizedRequest,
  type AuthorizedTokenRequest,
  createEitherVerifier,
  createRequestVerifier,
  createTokenVerifier,
  type MapPrincipal,
  type RequestGuard,
  type RequestProtocol,
  type RequestVerifier,
  type RequestVerifierOptions,
  type TokenVerifierOptions,
} from '@behalf/verifier'
import { resourceMetadataUrl } from './resource-metadata.ts'

/** Whose access tokens an endpoint takes, and how it asks about them. */
export type McpTokenOptions = Pick<
  TokenVerifierOptions<unknown>,
  | 'authorities'
  | 'nonces'
  | 'maxProofAgeSeconds'
  | 'tokenCache'
  | 'fetch'
  | 'pollSeconds'
  | 'maxStalenessSeconds'
  | 'timeoutSeconds'
>

/** Options of a verifier of signed requests, where a principal may be mapped for a request with a token, too. */
export interface McpVerifierOptions<Account>
  extends Omit<RequestVerifierOptions<Account>, 'origins' | 'protocol' | 'mode' | 'mapPrincipal'> {
  /** Maps the principal to the account of the server, after its delegation allowed the request. */
  readonly mapPrincipal?: MapPrincipal<Account, AuthorizedRequest | AuthorizedTokenRequest>
  /**
   * Takes access tokens for the URL of the endpoint as well, each with a DPoP proof; never as `Bearer`. A proof does
   * not cover the body. Without it only signed requests count.
   */
  readonly tokens?: McpTokenOptions
}

/** Verifies the requests of an endpoint. */
export interface McpVerifier<Account> extends RequestGuard<AnyVerifiedRequest<Account>> {
  readonly mode: 'enforce'
  /** From now on no delegation of this issuer is accepted, and no token that speaks of one. */
  readonly distrustIssuer: RequestVerifier<Account>['distrustIssuer']
}

/**
 * The verifier of an endpoint: of signed requests and, with `tokens`, of access tokens whose `aud` is its URL.
 *
 * @throws TypeError as `createRequestVerifier` and `createTokenVerifier`; for tokens beside a requirement that no token
 * can meet
 */
export function createEndpointVerifier<Account>(
  { tokens: tokenOptions, ...options }: McpVerifierOptions<Account>,
  { url, protocol }: { readonly url: URL; readonly protocol: RequestProtocol },
): McpVerifier<Account> {
  const place = { origins: [url.origin], protocol }
  const signatures = createRequestVerifier<Account>({ ...options, ...place })
  if (tokenOptions === undefined) return signatures
  const { requiredContext = [], requireHumanApproval, ...common } = options
  if (requiredContext.length > 0) throw new TypeError('tokens: nothing signs the context that is required')
  if (requireHumanApproval === 'proven') throw new TypeError("tokens: a token proves no more than 'claimed'")
  const tokens = createTokenVerifier<Account>({
    ...common,
    ...(requireHumanApproval === 'claimed' && { requireHumanApproval }),
    ...tokenOptions,
    ...place,
    audience: url.href,
    resourceMetadata: resourceMetadataUrl(url).href,
  })
  return {
    ...createEitherVerifier({ signatures, tokens }),
    mode: 'enforce',
    distrustIssuer: (issuer) => {
      signatures.distrustIssuer(issuer)
      tokens.distrustIssuer(issuer)
    },
  }
}
