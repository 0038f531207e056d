import { HttpSignatureError } from './error.ts'
import type { SfParameters } from './structured-field.ts'

/** The one algorithm of this profile, spelled as registered. */
export const SIGNATURE_ALGORITHM = 'ed25519'

const REQUIRED = ['created', 'expires', 'nonce', 'keyid', 'tag'] as const
const NONCE = /^[A-Za-z0-9_-]{16,256}$/

/** The checked parameters of a signature; times are unix seconds. */
export interface SignatureParameters {
  readonly created: number
  readonly expires: number
  readonly nonce: string
  readonly keyid: string
  readonly tag: string
  readonly alg?: string
}

/**
 * Checks the parameters of a signature; the ones it does not know are allowed, they are signed like the others.
 *
 * @returns them as numbers and texts
 * @throws HttpSignatureError `parameter_missing` (with `missing`), `parameter_invalid` for a wrong type or range,
 * `nonce_invalid` unless the nonce is 16 to 256 characters of base64url, `algorithm_unsupported` for an `alg` that is
 * not exactly `ed25519`
 * @see RFC 9421 section 2.3
 */
export function parseSignatureParameters(params: SfParameters): SignatureParameters {
  const missing = REQUIRED.filter((name) => !params.has(name))
  if (missing.length > 0) {
    throw new HttpSignatureError('parameter_missing', `signature without ${missing.join(', ')}`, { missing })
  }
  const created = readTime(params, 'created')
  const expires = readTime(params, 'expires')
  if (expires <= created) throw new HttpSignatureError('parameter_invalid', 'expires is not after created')
  const nonce = readText(params, 'nonce')
  if (!NONCE.test(nonce)) {
    throw new HttpSignatureError('nonce_invalid', 'a nonce is 16 to 256 characters of base64url')
  }
  const keyid = readText(params, 'keyid')
  const tag = readText(params, 'tag')
  if (!params.has('alg')) return { created, expires, nonce, keyid, tag }
  return { created, expires, nonce, keyid, tag, alg: readAlgorithm(params) }
}

function readTime(params: SfParameters, name: string): number {
  const item = params.get(name)
  if (item?.type !== 'integer' || item.value < 0) {
    throw new HttpSignatureError('parameter_invalid', `${name} is not a non-negative integer`)
  }
  return item.value
}

function readText(params: SfParameters, name: string): string {
  const item = params.get(name)
  if (item?.type !== 'string' || item.value === '') {
    throw new HttpSignatureError('parameter_invalid', `${name} is not a string that says something`)
  }
  return item.value
}

function readAlgorithm(params: SfParameters): string {
  const alg = readText(params, 'alg')
  if (alg !== SIGNATURE_ALGORITHM) {
    throw new HttpSignatureError(
      'algorithm_unsupported',
      `the algorithm of this signature is not ${SIGNATURE_ALGORITHM}`,
    )
  }
  return alg
}
