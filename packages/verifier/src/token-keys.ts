import {
  BehalfError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type MonotonicClock,
  parseEd25519Jwk,
  parseJson,
} from '@behalf/core'
import { tokenKeyId } from '@behalf/credential'
import { type Fetch, fetchCapped } from './capped-fetch.ts'
import { VerifierError } from './error.ts'
import { createHeldAnswer } from './held-answer.ts'
import type { SetTimer } from './timer.ts'

/** The keys that an authority signs tokens with, as it publishes them. */
export interface TokenKeySource {
  /**
   * The key of that name. A name that is not held is asked for, but not more often than every ten seconds.
   *
   * @param kid RFC 7638 thumbprint
   * @returns 32 bytes; undefined when the authority has no such key
   * @throws VerifierError resolution_timeout, resolution_invalid
   */
  find(kid: string): Promise<Uint8Array | undefined>
  /** The same, of what is held. */
  held(kid: string): Uint8Array | undefined
}

/** How keys are fetched. */
export interface TokenKeySourceOptions {
  /** Origin of the authority. */
  readonly issuer: string
  readonly fetch: Fetch
  readonly timeoutSeconds: number
  readonly setTimer: SetTimer
  readonly monotonicClock: MonotonicClock
  readonly reportFault: (fault: VerifierError) => void
}

type Keys = ReadonlyMap<string, Uint8Array>

const METADATA_PATH = '/.well-known/oauth-authorization-server'
const MAX_DOCUMENT_BYTES = 65_536
const MAX_KEYS = 64
/** How soon a key that the authority took back is trusted no more. */
const REFRESH_SECONDS = 60
const MAX_AGE_SECONDS = 600
/** Anybody can name a key that does not exist. */
const PAUSE_SECONDS = 10
const ALGORITHMS: ReadonlySet<JsonValue | undefined> = new Set([undefined, 'EdDSA', 'Ed25519'])

/**
 * Makes a source that fetches nothing yet. What it holds is looked at again every minute that it is used, and counts no
 * more after ten.
 *
 * @see RFC 8414 section 3, RFC 7517 section 5
 */
export function createTokenKeySource(options: TokenKeySourceOptions): TokenKeySource {
  const keys = createHeldAnswer<Keys>({
    load: () => fetchKeys(options),
    monotonicClock: options.monotonicClock,
    refreshSeconds: () => REFRESH_SECONDS,
    maxAgeSeconds: MAX_AGE_SECONDS,
    pauseSeconds: PAUSE_SECONDS,
    onFailure: (error) => options.reportFault(toFault(error)),
  })
  return {
    held: (kid) => keys.look()?.get(kid),
    find: async (kid) => {
      const known = await keys.read().catch((error: unknown) => {
        throw toFault(error)
      })
      const key = known.get(kid)
      if (key !== undefined) return key
      await keys.renew()
      return keys.look()?.get(kid)
    },
  }
}

async function fetchKeys(options: TokenKeySourceOptions): Promise<Keys> {
  const { issuer } = options
  const metadata = await fetchObject(issuer + METADATA_PATH, options)
  // Else whoever answers for one authority could bring the keys of another.
  if (metadata['issuer'] !== issuer) throw invalid('the metadata are those of another issuer')
  const address = metadata['jwks_uri']
  if (typeof address !== 'string' || URL.parse(address)?.origin !== issuer) {
    throw invalid('the keys do not lie on the origin of the authority')
  }
  const { keys } = await fetchObject(address, options)
  if (!Array.isArray(keys) || keys.length > MAX_KEYS)
    throw invalid(`there are no keys, or more than ${MAX_KEYS}`)
  return new Map(keys.filter(isSigningKey).map(readKey))
}

/** Keys for other uses and of other kinds may be there, too. */
function isSigningKey(jwk: JsonValue): jwk is JsonObject {
  if (!isJsonObject(jwk)) return false
  const { kty, crv, use = 'sig', alg } = jwk
  return kty === 'OKP' && crv === 'Ed25519' && use === 'sig' && ALGORITHMS.has(alg)
}

/** Named by what it is, whatever the document calls it. */
function readKey(jwk: JsonObject): [kid: string, publicKey: Uint8Array] {
  const { alg: _, ...key } = jwk
  const publicKey = parseEd25519Jwk(key)
  return [tokenKeyId(publicKey), publicKey]
}

async function fetchObject(url: string, options: TokenKeySourceOptions): Promise<JsonObject> {
  const headers = { accept: 'application/json' }
  const { bytes } = await fetchCapped(url, { ...options, maxBytes: MAX_DOCUMENT_BYTES, headers })
  const document = parseJson(bytes)
  if (!isJsonObject(document)) throw invalid('what was served is no JSON object')
  return document
}

function invalid(message: string): VerifierError {
  return new VerifierError('resolution_invalid', message, { fault: true })
}

function toFault(cause: unknown): VerifierError {
  if (cause instanceof VerifierError) return cause
  if (cause instanceof BehalfError) {
    return new VerifierError('resolution_invalid', cause.message, { cause, fault: true })
  }
  return new VerifierError('resolution_timeout', 'the keys of the authority were not obtained', {
    cause,
    fault: true,
  })
}
