/** What an endpoint that takes access tokens tells OAuth clients of itself. */
export interface ResourceMetadata {
  /** Absolute path at the origin of the endpoint. */
  readonly path: string
  /** The answer to a GET of that path. */
  readonly answer: () => Response
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource'

/** Address of the metadata of the resource with this URL. @see RFC 9728 section 3.1 */
export function resourceMetadataUrl(resource: URL): URL {
  return new URL(WELL_KNOWN + (resource.pathname === '/' ? '' : resource.pathname), resource.origin)
}

/**
 * Describes an endpoint: its tokens come from these authorities, and every use of one proves its key.
 *
 * @param authorities issuer identifiers
 * @see RFC 9728 section 2
 */
export function describeResource(resource: URL, authorities: readonly string[]): ResourceMetadata {
  const document = JSON.stringify({
    resource: resource.href,
    authorization_servers: authorities,
    // In a header alone, and never as `Bearer`: RFC 9728 has no other word for what DPoP asks for.
    bearer_methods_supported: ['header'],
    dpop_bound_access_tokens_required: true,
    dpop_signing_alg_values_supported: ['EdDSA'],
  })
  return {
    path: resourceMetadataUrl(resource).pathname,
    answer: () =>
      new Response(document, {
        headers: { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*' },
      }),
  }
}
