import { digestSha256, type JsonObject } from '@behalf/core'
import type { TokenIssuer } from '@behalf/issuer'
import { AuthorityError } from '../error.ts'
import { formatTime } from '../format-time.ts'
import { readListNumber } from '../read-input.ts'
import { defineRoute, json, jsonAnswer, type Route, requireCaller } from '../route.ts'
import { TOKEN_EXCHANGE_GRANT } from './oauth-names.ts'
import { OAUTH_SCHEMAS } from './oauth-schemas.ts'
import { JWKS_SECONDS, type ListedTokenKeys, type TokenKeyring } from './token-keyring.ts'

/** What the routes about tokens for everybody, and about their keys, work with. */
export interface TokenRouteContext {
  readonly origin: string
  readonly tokens: Pick<TokenIssuer, 'tokenList'>
  readonly keyring: Pick<TokenKeyring, 'jwks' | 'list' | 'rotate'>
}

/** The routes by which APIs check tokens, and those by which an operator sees and replaces the key that signs them. */
export function createTokenRoutes(context: TokenRouteContext): readonly Route[] {
  return [
    createMetadataRoute(context),
    createJwksRoute(context),
    createTokenListRoute(context),
    createKeyListRoute(context),
    createRotationRoute(context),
  ]
}

function createMetadataRoute({ origin }: TokenRouteContext): Route {
  return defineRoute({
    name: 'GET /.well-known/oauth-authorization-server',
    summary: 'What an OAuth client needs to know, see RFC 8414',
    answers: { 200: jsonAnswer('The metadata', OAUTH_SCHEMAS.metadata) },
    run: async () => ({
      ...json(200, {
        issuer: origin,
        // No response type leads there, but clients of MCP read no metadata that has none.
        authorization_endpoint: `${origin}/requests`,
        token_endpoint: `${origin}/token`,
        jwks_uri: `${origin}/.well-known/jwks.json`,
        introspection_endpoint: `${origin}/introspect`,
        revocation_endpoint: `${origin}/revoke`,
        response_types_supported: [],
        grant_types_supported: [TOKEN_EXCHANGE_GRANT],
        token_endpoint_auth_methods_supported: ['none'],
        introspection_endpoint_auth_methods_supported: ['none'],
        revocation_endpoint_auth_methods_supported: ['none'],
        dpop_signing_alg_values_supported: ['EdDSA', 'Ed25519'],
        authorization_details_types_supported: ['http', 'mcp'],
      }),
      headers: { 'Cache-Control': `public, max-age=${JWKS_SECONDS}` },
    }),
  })
}

function createJwksRoute({ keyring }: TokenRouteContext): Route {
  return defineRoute({
    name: 'GET /.well-known/jwks.json',
    summary:
      'The keys of access tokens and their status lists: the one that signs first, the next one with it',
    answers: { 200: jsonAnswer('A JWK Set', OAUTH_SCHEMAS.jwks) },
    run: async () => ({
      ...json(200, { keys: await keyring.jwks() }),
      headers: { 'Cache-Control': `public, max-age=${JWKS_SECONDS}` },
    }),
  })
}

function createTokenListRoute({ tokens }: TokenRouteContext): Route {
  return defineRoute({
    name: 'GET /status/token-lists/{number}',
    summary: 'A signed list of which tokens do not hold any more, see Token Status List',
    answers: { 200: { description: 'A compact JWS', type: 'application/statuslist+jwt' } },
    run: async ({ param }) => {
      const body = await tokens.tokenList(readListNumber(param))
      if (body === undefined) throw new AuthorityError('not_found', 'There is no such list')
      const headers = { ETag: `"${digestSha256(body)}"`, 'Cache-Control': 'public, max-age=1' }
      return { status: 200, type: 'application/statuslist+jwt', body, headers }
    },
  })
}

function createKeyListRoute({ keyring }: TokenRouteContext): Route {
  return defineRoute({
    name: 'GET /token-keys',
    summary: 'The keys of access tokens: the one that signs, the next, and those whose tokens may still hold',
    answers: { 200: jsonAnswer('All that are published', OAUTH_SCHEMAS.tokenKeys) },
    run: async () => json(200, tokenKeysToWire(await keyring.list())),
  })
}

function tokenKeysToWire({ keys, rotatableAt }: ListedTokenKeys): JsonObject {
  return {
    keys: keys.map(({ kid, state, publishedAt, retiredAt, publishedUntil }) => ({
      kid,
      state,
      published_at: formatTime(publishedAt),
      ...(retiredAt !== undefined && { retired_at: formatTime(retiredAt) }),
      ...(publishedUntil !== undefined && { published_until: formatTime(publishedUntil) }),
    })),
    rotatable_at: formatTime(rotatableAt),
  }
}

function createRotationRoute({ keyring }: TokenRouteContext): Route {
  return defineRoute({
    name: 'POST /token-keys',
    summary: 'The next key signs tokens from now on; what the last one signed stays good until it ends',
    answers: { 201: jsonAnswer('The key that signs, and the next', OAUTH_SCHEMAS.rotated) },
    run: async (call) => json(201, { ...(await keyring.rotate({ by: requireCaller(call).did })) }),
  })
}
