import { isJsonObject, type JsonObject } from '@behalf/core'
import { z } from '@hono/zod-openapi'
import { ACCESS_TOKEN_TYPE, CHAIN_TYPE, TOKEN_EXCHANGE_GRANT } from './oauth-names.ts'

type SchemaName =
  | 'exchange'
  | 'token'
  | 'introspection'
  | 'introspected'
  | 'revocation'
  | 'refusal'
  | 'metadata'
  | 'jwks'
  | 'tokenKeys'
  | 'rotated'

const object = z.custom<JsonObject>(isJsonObject).openapi({ type: 'object' })
const time = z.iso.datetime().openapi({ type: 'string', format: 'date-time' })
const clientId = z.string().optional().openapi({ description: 'DID of the key that is proven' })
const chain = 'The links as a list of quoted strings, root first, as Delegation-Chain spells them'

/** What the forms of OAuth clients say and what is answered, for the document. */
export const OAUTH_SCHEMAS: Readonly<Record<SchemaName, z.ZodType>> = {
  exchange: z.strictObject({
    grant_type: z.literal(TOKEN_EXCHANGE_GRANT),
    subject_token: z.string().openapi({ description: `${chain}; or an access token that was given here` }),
    subject_token_type: z.enum([CHAIN_TYPE, ACCESS_TOKEN_TYPE]),
    actor_token: z
      .string()
      .optional()
      .openapi({ description: `With an access token. ${chain}` }),
    actor_token_type: z.literal(CHAIN_TYPE).optional(),
    resource: z.string().optional().openapi({ description: 'A location that the last delegation names' }),
    audience: z.string().optional().openapi({ description: 'The same' }),
    authorization_details: z
      .string()
      .optional()
      .openapi({ description: 'A JSON list of capabilities that the last delegation covers' }),
    requested_token_type: z.string().optional(),
    client_id: clientId,
  }),
  token: z
    .strictObject({
      access_token: z.string(),
      issued_token_type: z.literal(ACCESS_TOKEN_TYPE),
      token_type: z.literal('DPoP'),
      expires_in: z.int().openapi({ description: 'Seconds' }),
      authorization_details: z.array(object),
    })
    .openapi('ExchangedToken'),
  introspection: z.strictObject({
    token: z.string(),
    token_type_hint: z.string().optional(),
    client_id: clientId,
  }),
  introspected: z
    .looseObject({ active: z.boolean() })
    .openapi({ description: 'The claims of the token where it holds' }),
  revocation: z.strictObject({
    token: z.string().openapi({ description: `An access token, or a chain. ${chain}` }),
    token_type_hint: z.string().optional(),
    client_id: clientId,
  }),
  refusal: z
    .strictObject({
      error: z.string(),
      error_description: z.string(),
      code: z.string().openapi({ description: 'The code that docs/errors explains' }),
      link: z.int().optional().openapi({ description: 'Which link of the chain, 0 for the root' }),
      field: z.string().optional(),
    })
    .openapi('OauthRefusal'),
  metadata: z.looseObject({ issuer: z.url(), token_endpoint: z.url(), jwks_uri: z.url() }),
  jwks: z.strictObject({ keys: z.array(object) }),
  tokenKeys: z.strictObject({
    keys: z.array(
      z.strictObject({
        kid: z.string(),
        state: z.enum(['signing', 'next', 'retired']),
        published_at: time,
        retired_at: time.optional(),
        published_until: time.optional().openapi({
          type: 'string',
          format: 'date-time',
          description: 'When the last token that it signed has ended',
        }),
      }),
    ),
    rotatable_at: time,
  }),
  rotated: z.strictObject({ kid: z.string(), next: z.string() }),
}
