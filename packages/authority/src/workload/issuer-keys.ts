import {
  BehalfError,
  type Clock,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
} from '@behalf/core'
import { AuthorityError } from '../error.ts'
import { type FetchContext, fetchDocument } from './fetch-document.ts'
import { createFetched } from './fetched.ts'
import type { WorkloadAlgorithm } from './workload-algorithm.ts'

/**
 * Resolves to the one key of an issuer of that name, for that algorithm.
 *
 * @throws AuthorityError `keyid_unsupported` when there is none or more than one, `key_invalid` when it is meant for
 *   something else, `resolution_blocked`, `resolution_invalid`, `resolution_timeout`
 */
export type FindIssuerKey = (kid: string, alg: WorkloadAlgorithm) => Promise<JsonObject>

/** Where the keys of an issuer are. */
export type IssuerKeySource = { readonly jwks: JsonObject } | { readonly jwksUrl: URL }

const MAX_KEYS_BYTES = 262_144
const MAX_KEYS = 100
const KEY_TYPES: Readonly<Record<WorkloadAlgorithm, readonly [kty: string, crv?: string]>> = {
  RS256: ['RSA'],
  ES256: ['EC', 'P-256'],
  EdDSA: ['OKP', 'Ed25519'],
}
// SPIFFE bundles say so of the keys that sign tokens.
const USES: readonly (JsonValue | undefined)[] = [undefined, 'sig', 'jwt-svid']

/** Returns the keys of an issuer: those given, or those at its address, fetched when needed. */
export function createIssuerKeys(
  source: IssuerKeySource,
  { network, clock }: { readonly network: FetchContext; readonly clock: Clock },
): FindIssuerKey {
  if ('jwks' in source) {
    const keys = readKeys(source.jwks)
    return async (kid, alg) => chooseKey(keys, kid, alg)
  }
  const fetched = createFetched(
    async () =>
      readKeys(readDocument(await fetchDocument(network, { url: source.jwksUrl, maxBytes: MAX_KEYS_BYTES }))),
    clock,
  )
  return async (kid, alg) =>
    chooseKey(await fetched.get((keys) => keys.some((key) => key.kid === kid)), kid, alg)
}

/**
 * Returns the keys of a JWK Set.
 *
 * @throws AuthorityError `resolution_invalid`
 * @see RFC 7517 section 5
 */
export function readKeys(value: JsonValue): readonly JsonObject[] {
  const keys = isJsonObject(value) ? value.keys : undefined
  if (!Array.isArray(keys) || keys.length > MAX_KEYS || !keys.every(isJsonObject)) {
    throw new AuthorityError('resolution_invalid', 'The keys of the issuer are no JWK Set')
  }
  return keys
}

function readDocument(bytes: Uint8Array): JsonValue {
  try {
    return parseJson(bytes, { maxBytes: MAX_KEYS_BYTES })
  } catch (cause) {
    if (!(cause instanceof BehalfError)) throw cause
    throw new AuthorityError('resolution_invalid', 'The keys of the issuer are not JSON with one reading', {
      cause,
    })
  }
}

function chooseKey(keys: readonly JsonObject[], kid: string, alg: WorkloadAlgorithm): JsonObject {
  const named = keys.filter((key) => key.kid === kid)
  const [key] = named
  if (key === undefined || named.length > 1) {
    throw new AuthorityError('keyid_unsupported', 'The issuer has no such key, or more than one')
  }
  if (isFor(key, alg)) return key
  throw new AuthorityError('key_invalid', `The key of that name is not for ${alg}`)
}

function isFor(key: JsonObject, alg: WorkloadAlgorithm): boolean {
  const [kty, crv] = KEY_TYPES[alg]
  if (key.kty !== kty || (crv !== undefined && key.crv !== crv)) return false
  const names: readonly (JsonValue | undefined)[] = alg === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [alg]
  if (key.alg !== undefined && !names.includes(key.alg)) return false
  const { key_ops: operations } = key
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return false
  return USES.includes(key.use)
}
