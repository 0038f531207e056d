import { checkOidcOptions, type OidcOptions, type Role } from '@behalf/authority'
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@behalf/core'
import { CommandError } from './error.ts'
import type { BehalfIo } from './io.ts'
import { readInput } from './read-input.ts'

const NEXT =
  'write {"issuer", "client_id", "client_secret", "principal_claim", "groups_claim", "scope", "roles": {"group": "approver"}}; secret, groups claim and scope may be left out'
const MEMBERS: ReadonlySet<string> = new Set([
  'issuer',
  'client_id',
  'client_secret',
  'principal_claim',
  'groups_claim',
  'scope',
  'roles',
])

/**
 * The company login that a JSON file describes; undefined when none is named.
 *
 * @throws CommandError `not_found`, `input_invalid`; CoreError `json_malformed`, `json_ambiguous`
 */
export async function readCompanyLogin(
  io: BehalfIo,
  path: string | undefined,
): Promise<OidcOptions | undefined> {
  if (path === undefined) return undefined
  const value = parseJson(await readInput(io, path))
  if (!isJsonObject(value)) throw invalid(path, 'it is no JSON object')
  const unknown = Object.keys(value).find((name) => !MEMBERS.has(name))
  if (unknown !== undefined) throw invalid(path, `it has no member ${JSON.stringify(unknown)}`)
  try {
    const options = toOptions(value)
    checkOidcOptions(options)
    return options
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw invalid(path, cause.message, cause)
  }
}

function toOptions(value: JsonObject): OidcOptions {
  const { client_secret: clientSecret, groups_claim: groupsClaim, scope, roles } = value
  if (!isJsonObject(roles)) throw new TypeError('roles must be an object')
  return {
    issuer: text(value.issuer, 'issuer'),
    clientId: text(value.client_id, 'client_id'),
    principalClaim: text(value.principal_claim, 'principal_claim'),
    ...(clientSecret !== undefined && { clientSecret: text(clientSecret, 'client_secret') }),
    ...(groupsClaim !== undefined && { groupsClaim: text(groupsClaim, 'groups_claim') }),
    ...(scope !== undefined && { scope: text(scope, 'scope') }),
    // Which of them are roles is checked with the rest.
    roles: roles as Readonly<Record<string, Role>>,
  }
}

function text(value: JsonValue | undefined, name: string): string {
  if (typeof value === 'string') return value
  throw new TypeError(`${name} must be a text`)
}

function invalid(path: string, why: string, cause?: unknown): CommandError {
  return new CommandError('input_invalid', `the company login in ${path} cannot be used: ${why}`, {
    next: NEXT,
    cause,
  })
}
