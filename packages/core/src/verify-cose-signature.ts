import { encodeBase64url } from './base64.ts'
import { type EcCoseKey, type RsaCoseKey, readCoseKey } from './cose-key.ts'
import { decodeEcdsaSignature } from './ecdsa-signature.ts'
import { isEd25519PublicKey, verifyEd25519 } from './ed25519.ts'

type ImportedKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>

/**
 * Resolves to whether `signature` is the passkey's over `data`: ES256, ES384, ES512, RS256 with 2048 to 4096 bits and
 * the exponent 65537, and Ed25519 under the strict rule of `verifyEd25519`. Every other algorithm, spelling of a key
 * or spelling of a signature is `false`; nothing is thrown.
 * @param options.publicKey a COSE_Key in CTAP2 canonical form; its algorithm decides, nothing else can
 * @param options.signature as WebAuthn carries it: DER for ECDSA, raw for the others
 * @param options.data the signed bytes
 * @see WebAuthn Level 3 sections 6.5.5 and 7.2, RFC 9053
 */
export async function verifyCoseSignature(options: {
  readonly publicKey: Uint8Array
  readonly signature: Uint8Array
  readonly data: Uint8Array
}): Promise<boolean> {
  const { signature, data } = options
  const key = readCoseKey(options.publicKey)
  if (key === undefined) return false
  if (key.kind === 'ed25519') return verifyEd25519(key.publicKey, data, signature)
  const raw = key.kind === 'rsa' ? signature : decodeEcdsaSignature(signature, key.x.length)
  const imported = await importKey(key)
  if (raw === undefined || imported === undefined) return false
  return crypto.subtle.verify(verifyAlgorithm(key), imported, raw.slice(), data.slice())
}

/**
 * Resolves to whether `bytes` are a key whose signatures {@link verifyCoseSignature} can accept: what to ask before a
 * passkey is registered.
 */
export async function isCosePublicKey(bytes: Uint8Array): Promise<boolean> {
  const key = readCoseKey(bytes)
  if (key === undefined) return false
  if (key.kind === 'ed25519') return isEd25519PublicKey(key.publicKey)
  return (await importKey(key)) !== undefined
}

/** The key as the runtime holds it, or undefined for a point that is not on its curve. */
async function importKey(key: EcCoseKey | RsaCoseKey): Promise<ImportedKey | undefined> {
  try {
    return key.kind === 'rsa' ? await importRsa(key) : await importEc(key)
  } catch {
    return undefined
  }
}

async function importEc({ curve, x, y }: EcCoseKey): Promise<ImportedKey> {
  const jwk = { kty: 'EC', crv: curve, x: encodeBase64url(x), y: encodeBase64url(y) }
  return crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: curve }, false, ['verify'])
}

async function importRsa({ modulus }: RsaCoseKey): Promise<ImportedKey> {
  const jwk = { kty: 'RSA', n: encodeBase64url(modulus), e: 'AQAB' }
  return crypto.subtle.importKey('jwk', jwk, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, [
    'verify',
  ])
}

function verifyAlgorithm(key: EcCoseKey | RsaCoseKey): { name: string; hash?: string } {
  return key.kind === 'rsa' ? { name: 'RSASSA-PKCS1-v1_5' } : { name: 'ECDSA', hash: key.hash }
}
