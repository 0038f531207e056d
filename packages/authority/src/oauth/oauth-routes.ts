import type { JsonObject } from '@behalf/core'
import {
  type AccessTokenClaims,
  parseDelegationChain,
  serializeAccessTokenClaims,
  serializeCapabilities,
} from '@behalf/credential'
import type { Issuer, TokenIssuer } from '@behalf/issuer'
import type { AuthenticatedCaller } from '../access.ts'
import { AuthorityError } from '../error.ts'
import type { RegisteredApi } from '../ledger/api-rows.ts'
import { json, jsonAnswer } from '../route.ts'
import { ACCESS_TOKEN_TYPE } from './oauth-names.ts'
import type { OauthRoute } from './oauth-route.ts'
import { OAUTH_SCHEMAS } from './oauth-schemas.ts'
import { readChain, readExchange } from './read-exchange.ts'
import type { Form } from './read-form.ts'

/** What the routes for OAuth clients work with. */
export interface OauthContext {
  readonly issuer: Pick<Issuer, 'revokeDelegation'>
  readonly tokens: TokenIssuer
  readonly findApi: (did: string) => Promise<RegisteredApi | undefined>
}

/** The routes for OAuth clients: exchange, introspection and revocation. */
export function createOauthRoutes(context: OauthContext): readonly OauthRoute[] {
  return [createTokenRoute(context), createIntrospectionRoute(context), createRevocationRoute(context)]
}

function createTokenRoute({ tokens }: OauthContext): OauthRoute {
  return {
    name: 'POST /token',
    summary: 'Exchange a chain of delegations for an access token that is bound to the key of its agent',
    form: OAUTH_SCHEMAS.exchange,
    answers: { 200: jsonAnswer('The token', OAUTH_SCHEMAS.token) },
    run: async ({ form, caller }) => {
      checkClientId(form, caller)
      const { token, claims } = await tokens.exchange({ ...readExchange(form), caller: caller.did })
      const answer = {
        access_token: token,
        issued_token_type: ACCESS_TOKEN_TYPE,
        token_type: 'DPoP',
        expires_in: Math.floor(claims.expiresAt / 1000) - Math.floor(claims.issuedAt / 1000),
        authorization_details: serializeCapabilities(claims.capabilities),
      }
      return { ...json(200, answer), headers: { Pragma: 'no-cache' } }
    },
  }
}

function createIntrospectionRoute(context: OauthContext): OauthRoute {
  return {
    name: 'POST /introspect',
    summary:
      'Whether a token holds now: told to the API that it is for, to the agents in it, and to operators',
    form: OAUTH_SCHEMAS.introspection,
    answers: { 200: jsonAnswer('What the token says, or that it does not hold', OAUTH_SCHEMAS.introspected) },
    run: async ({ form, caller }) => {
      checkClientId(form, caller)
      const claims = await context.tokens.introspect(requireToken(form))
      const isTold = claims !== undefined && (await mayLearn(context, caller, claims))
      return json(200, isTold ? describeToken(claims) : { active: false })
    },
  }
}

function createRevocationRoute({ issuer, tokens }: OauthContext): OauthRoute {
  return {
    name: 'POST /revoke',
    summary: 'Revoke an access token, or with a chain its last delegation and every token that stands on it',
    form: OAUTH_SCHEMAS.revocation,
    answers: { 200: { description: 'It does not hold any more, or never did' } },
    run: async ({ form, caller }) => {
      checkClientId(form, caller)
      const token = requireToken(form)
      // No chain is spelled without quotes. What is neither a chain nor a token of ours cannot hold: RFC 7009 section 2.2.
      if (!token.includes('"')) await tokens.revoke({ token, caller })
      else await issuer.revokeDelegation({ id: readLeafId(token), caller })
      return { status: 200 }
    },
  }
}

/** Which delegation a chain ends with; whether the caller may revoke it is decided by what was registered under its id. */
function readLeafId(text: string): string {
  return parseDelegationChain(readChain('token', text)).leaf.id
}

/** A client may say who it is, and then it is that. */
function checkClientId(form: Form, caller: AuthenticatedCaller): void {
  const said = form.one('client_id')
  if (said === undefined || said === caller.did) return
  throw new AuthorityError('invalid_client', 'client_id is not the key that was proven', {
    field: 'client_id',
  })
}

function requireToken(form: Form): string {
  const token = form.one('token')
  if (token !== undefined) return token
  throw new AuthorityError('invalid_request', 'token is missing', { field: 'token' })
}

async function mayLearn(
  { findApi }: OauthContext,
  caller: AuthenticatedCaller,
  { actors, audience }: AccessTokenClaims,
): Promise<boolean> {
  if (caller.operator || actors.includes(caller.did)) return true
  const api = await findApi(caller.did)
  return api?.origins.includes(originOf(audience)) === true
}

function originOf(audience: string): string {
  return URL.canParse(audience) ? new URL(audience).origin : ''
}

function describeToken(claims: AccessTokenClaims): JsonObject {
  return { active: true, token_type: 'DPoP', ...serializeAccessTokenClaims(claims) }
}
