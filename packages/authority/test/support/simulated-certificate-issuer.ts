import 'reflect-metadata'
import {
  BasicConstraintsExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
  X509CrlGenerator,
} from '@peculiar/x509'
import { CompactSign, generateKeyPair } from 'jose'
import { START } from './authority-world.ts'

/** A certificate with its key, made here: the issuers of these tests are simulated, their certificates are real. */
export interface Certified {
  readonly certificate: X509Certificate
  readonly privateKey: CryptoKey
  readonly alg: 'ES256' | 'ES384' | 'RS256'
}

/** What may differ from a certificate that is fine. */
export interface CertificateChanges {
  readonly subject?: string
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly alg?: Certified['alg']
  readonly hash?: string
  /** Of an RSA key; 2048 unless told. */
  readonly modulusLength?: number
  readonly extensions?: readonly Extension[]
  /** Names another signer than the one that signs. */
  readonly issuer?: string
}

const SECOND = 1000
/** When the clock of a world is at most a minute ahead of `START`, this much before it. */
export const before = (seconds: number): Date => new Date(START - seconds * SECOND)
/** The same, after it. */
export const after = (seconds: number): Date => new Date(START + seconds * SECOND)

/** The extensions of one that signs others. */
export function signerExtensions(pathLength?: number): readonly Extension[] {
  return [
    new BasicConstraintsExtension(true, pathLength, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  ]
}

/** The extensions of a workload with these names; `url` is a SPIFFE ID. */
export function leafExtensions(
  names: readonly { readonly type: 'url' | 'dns'; readonly value: string }[],
  usages: number = KeyUsageFlags.digitalSignature,
): readonly Extension[] {
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(usages, true),
    ...(names.length > 0 ? [new SubjectAlternativeNameExtension([...names], true)] : []),
  ]
}

async function createKeys(alg: Certified['alg'], modulusLength: number | undefined) {
  if (modulusLength === undefined) return generateKeyPair(alg, { extractable: true })
  // The library makes none that are too weak.
  const publicExponent = new Uint8Array([1, 0, 1])
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength, publicExponent }
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

/** A root, or what `signer` signed. */
export async function certify(
  subject: string,
  changes: CertificateChanges & { readonly signer?: Certified },
): Promise<Certified> {
  const { alg = 'ES256', signer, hash = 'SHA-256' } = changes
  const keys = await createKeys(alg, changes.modulusLength)
  const by = signer ?? { privateKey: keys.privateKey, alg }
  const certificate = await X509CertificateGenerator.create({
    subject: changes.subject ?? subject,
    issuer: changes.issuer ?? signer?.certificate.subject ?? subject,
    publicKey: keys.publicKey,
    signingKey: by.privateKey,
    signingAlgorithm: { name: by.alg === 'RS256' ? 'RSASSA-PKCS1-v1_5' : 'ECDSA', hash },
    notBefore: changes.notBefore ?? before(600),
    notAfter: changes.notAfter ?? after(3000),
    extensions: [...(changes.extensions ?? signerExtensions())],
  })
  return { certificate, privateKey: keys.privateKey, alg }
}

/** What the key of a certificate signs for an agent, but for what is changed. */
export async function prove(
  { certificate, privateKey, alg }: Certified,
  claims: object,
  { chain = [], header = {} }: { readonly chain?: readonly Certified[]; readonly header?: object } = {},
): Promise<string> {
  const x5c = [certificate, ...chain.map((one) => one.certificate)].map((one) => one.toString('base64'))
  const times = { iat: START / SECOND, exp: START / SECOND + 120 }
  const payload = new TextEncoder().encode(JSON.stringify({ ...times, ...claims }))
  return new CompactSign(payload)
    .setProtectedHeader({ alg, typ: 'workload-proof+jwt', x5c, ...header })
    .sign(privateKey)
}

/** The list of a signer with these certificates on it. */
export async function listRevoked(
  signer: Certified,
  revoked: readonly Certified[],
  changes: {
    readonly thisUpdate?: Date
    readonly nextUpdate?: Date
    readonly issuer?: string
    readonly hash?: string
    readonly extensions?: Extension[]
  } = {},
): Promise<Uint8Array> {
  const { hash = 'SHA-256', ...members } = changes
  const list = await X509CrlGenerator.create({
    issuer: signer.certificate.subject,
    thisUpdate: before(60),
    nextUpdate: after(600),
    entries: revoked.map(({ certificate }) => ({ serialNumber: certificate.serialNumber })),
    signingAlgorithm: { name: 'ECDSA', hash },
    signingKey: signer.privateKey,
    ...members,
  })
  return new Uint8Array(list.rawData)
}
