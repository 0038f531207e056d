import 'reflect-metadata'
import { decodeBase64, equalBytes } from '@behalf/core'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  type Name,
  X509Certificate,
} from '@peculiar/x509'
import { AuthorityError } from '../error.ts'

const KEY_USAGE = '2.5.29.15'
const ALTERNATIVE_NAME = '2.5.29.17'
const BASIC_CONSTRAINTS = '2.5.29.19'
const NAME_CONSTRAINTS = '2.5.29.30'
const EXTENDED_KEY_USAGE = '2.5.29.37'
// What is critical and not here says something that is not looked at here.
const UNDERSTOOD: ReadonlySet<string> = new Set([
  KEY_USAGE,
  ALTERNATIVE_NAME,
  BASIC_CONSTRAINTS,
  EXTENDED_KEY_USAGE,
])
const CLIENT_AUTHENTICATION = '1.3.6.1.5.5.7.3.2'
const ANY_USAGE = '2.5.29.37.0'
const CURVES: ReadonlySet<unknown> = new Set(['P-256', 'P-384'])
const HASHES: ReadonlySet<unknown> = new Set(['SHA-256', 'SHA-384', 'SHA-512'])
const MIN_MODULUS_BITS = 2048
const MAX_MODULUS_BITS = 8192
// Of DER: one SEQUENCE, its length in two bytes; a certificate is never shorter than 256 bytes.
const SEQUENCE = 0x30
const TWO_BYTE_LENGTH = 0x82
const HEADER_BYTES = 4

/**
 * Returns a certificate out of its base64 DER, with nothing behind it. Nothing in it is verified.
 *
 * @throws AuthorityError `credential_malformed`
 * @see RFC 7515 section 4.1.6
 */
export function parseCertificate(base64: string): X509Certificate {
  try {
    const der = decodeBase64(base64)
    const [tag, form, high = 0, low = 0] = der
    const isWhole =
      tag === SEQUENCE && form === TWO_BYTE_LENGTH && HEADER_BYTES + high * 256 + low === der.length
    if (isWhole) return readWhole(new X509Certificate(Uint8Array.from(der)))
  } catch (cause) {
    // The parser throws errors of its own and of those below it, and all say the same.
    throw malformed('A certificate cannot be read', cause)
  }
  throw malformed('A certificate is not DER in base64, or has something behind it')
}

/** The library reads most parts when they are asked for, and throws then. */
function readWhole(certificate: X509Certificate): X509Certificate {
  const { subjectName, issuerName, serialNumber, notBefore, notAfter } = certificate
  const { extensions, publicKey, signatureAlgorithm, signature } = certificate
  const parts: readonly unknown[] = [subjectName, issuerName, serialNumber, notBefore, notAfter, extensions]
  if (parts.concat(publicKey.algorithm, signatureAlgorithm, signature).includes(undefined)) {
    throw new TypeError('A part is missing')
  }
  return certificate
}

/**
 * The certificate is of a kind that is understood: its algorithms are strong enough, no extension is there twice, and
 * none is critical that is not looked at here.
 *
 * @throws AuthorityError `algorithm_unsupported`, `key_invalid`, `credential_malformed`
 * @see RFC 5280 sections 4.2 and 6.1
 */
export function checkCertificateForm(certificate: X509Certificate): void {
  checkSignatureAlgorithm(certificate.signatureAlgorithm)
  if (!isStrongKey(certificate)) {
    throw new AuthorityError(
      'key_invalid',
      'The key of a certificate must be RSA of 2048 bits, P-256 or P-384',
    )
  }
  const types = certificate.extensions.map(({ type }) => type)
  if (new Set(types).size < types.length) throw malformed('A certificate says a thing twice')
  const odd = certificate.extensions.find(
    ({ type, critical }) => type === NAME_CONSTRAINTS || (critical && !UNDERSTOOD.has(type)),
  )
  if (odd) throw malformed(`A certificate has the extension ${odd.type}, which is not understood here`)
}

/**
 * The signature was made with an algorithm that still proves something.
 *
 * @throws AuthorityError `algorithm_unsupported`
 */
export function checkSignatureAlgorithm(algorithm: object): void {
  const name = readMember(algorithm, 'name')
  const hash = readMember(readMember(algorithm, 'hash'), 'name')
  if ((name === 'ECDSA' || name === 'RSASSA-PKCS1-v1_5') && HASHES.has(hash)) return
  throw new AuthorityError('algorithm_unsupported', 'It must be signed with ECDSA or RSA, and SHA-2')
}

/** The algorithm that the key of a certificate signs with, as JOSE spells it; the key decides, nothing else. */
export function algorithmOf(certificate: X509Certificate): 'ES256' | 'ES384' | 'RS256' {
  const { name, curve } = keyOf(certificate)
  if (name !== 'ECDSA') return 'RS256'
  return curve === 'P-256' ? 'ES256' : 'ES384'
}

/** Tells whether two names are the same, byte for byte. */
export function isSameName(left: Name, right: Name): boolean {
  return equalBytes(new Uint8Array(left.toArrayBuffer()), new Uint8Array(right.toArrayBuffer()))
}

/**
 * The certificate may sign others, with so many that do below it.
 *
 * @throws AuthorityError `chain_broken`, `chain_too_deep`
 * @see RFC 5280 sections 4.2.1.3, 4.2.1.9 and 6.1.4
 */
export function checkSigner(certificate: X509Certificate, below: number): void {
  const constraints = certificate.getExtension(BasicConstraintsExtension)
  if (constraints?.ca !== true || !hasUsage(certificate, KeyUsageFlags.keyCertSign)) {
    throw new AuthorityError('chain_broken', 'A certificate was signed by one that may not sign others')
  }
  const { pathLength = below } = constraints
  if (pathLength < below) {
    throw new AuthorityError('chain_too_deep', 'More certificates sign in a row than one of them allows')
  }
}

/**
 * The certificate is that of a workload, and may be used to prove it.
 *
 * @throws AuthorityError `credential_type_mismatch`
 * @see X.509-SVID section 4
 */
export function checkLeaf(certificate: X509Certificate): void {
  const isSigner =
    certificate.getExtension(BasicConstraintsExtension)?.ca === true ||
    hasUsage(certificate, KeyUsageFlags.keyCertSign) ||
    hasUsage(certificate, KeyUsageFlags.cRLSign)
  if (isSigner || !hasUsage(certificate, KeyUsageFlags.digitalSignature)) {
    throw new AuthorityError(
      'credential_type_mismatch',
      'The certificate is not one that a workload signs with',
    )
  }
}

/**
 * The certificate is for clients, or for anything.
 *
 * @throws AuthorityError `credential_type_mismatch`
 * @see RFC 5280 section 4.2.1.12
 */
export function checkPurpose(certificate: X509Certificate): void {
  const purposes = certificate.getExtension(ExtendedKeyUsageExtension)?.usages
  if (!purposes || purposes.some((usage) => usage === CLIENT_AUTHENTICATION || usage === ANY_USAGE)) return
  throw new AuthorityError('credential_type_mismatch', 'The certificate is for something else than clients')
}

/** Tells whether the certificate says that its key may be used so: one that says nothing does not. */
export function hasUsage(certificate: X509Certificate, usage: KeyUsageFlags): boolean {
  const usages = certificate.getExtension(KeyUsagesExtension)?.usages ?? 0
  return (usages & usage) !== 0
}

function isStrongKey(certificate: X509Certificate): boolean {
  const { name, curve, bits } = keyOf(certificate)
  if (name === 'ECDSA') return CURVES.has(curve)
  return name === 'RSASSA-PKCS1-v1_5' && bits >= MIN_MODULUS_BITS && bits <= MAX_MODULUS_BITS
}

function keyOf({ publicKey }: X509Certificate): {
  readonly name: unknown
  readonly curve: unknown
  readonly bits: number
} {
  const { algorithm } = publicKey
  return {
    name: readMember(algorithm, 'name'),
    curve: readMember(algorithm, 'namedCurve'),
    bits: Number(readMember(algorithm, 'modulusLength')),
  }
}

// The library's types of algorithms are those of browsers.
function readMember(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.entries(value).find(([member]) => member === name)?.[1]
}

function malformed(message: string, cause?: unknown): AuthorityError {
  return new AuthorityError('credential_malformed', message, { cause })
}
