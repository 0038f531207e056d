import 'reflect-metadata'
import { concatBytes } from '@behalf/core'
import { BasicConstraintsExtension, type X509Certificate, X509CertificateGenerator } from '@peculiar/x509'
import {
  cborBytes,
  cborText,
  type PasskeyFaults,
  toAsn1,
} from '../../../packages/authority/test/support/test-passkey.ts'

const ES256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const VALID = { notBefore: new Date('2020-01-01'), notAfter: new Date('2049-01-01') }
const LEAF_NAME = 'C=CH, O=Test, OU=Authenticator Attestation, CN=Test authenticator'

/** Somebody who certifies authenticators. */
export interface AttestationAuthority {
  /** PEM of the root certificate. */
  readonly root: string
  /** Makes a passkey say that it is of a certified kind. */
  readonly attest: Required<PasskeyFaults>['attest']
}

/** A root that signs the certificate of one kind of authenticator. */
export async function createAttestationAuthority(name: string): Promise<AttestationAuthority> {
  const [rootKeys, leafKeys] = [await createKeys(), await createKeys()]
  const root = await X509CertificateGenerator.createSelfSigned({
    ...VALID,
    serialNumber: '01',
    name: `CN=${name}`,
    keys: rootKeys,
    signingAlgorithm: ES256,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  })
  const leaf = await X509CertificateGenerator.create({
    ...VALID,
    serialNumber: '02',
    subject: LEAF_NAME,
    issuer: root.subject,
    publicKey: leafKeys.publicKey,
    signingKey: rootKeys.privateKey,
    signingAlgorithm: ES256,
    extensions: [new BasicConstraintsExtension(false, undefined, true)],
  })
  return {
    root: root.toString('pem'),
    attest: async ({ authenticatorData, clientDataHash }) => {
      const data = Uint8Array.from(concatBytes(authenticatorData, clientDataHash))
      const signature = new Uint8Array(await crypto.subtle.sign(ES256, leafKeys.privateKey, data))
      return { format: 'packed', statement: encodeStatement(toAsn1(signature), leaf) }
    },
  }
}

function createKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ES256, false, ['sign', 'verify'])
}

/** `{ alg: -7, sig: …, x5c: [leaf] }` */
function encodeStatement(signature: Uint8Array, leaf: X509Certificate): Uint8Array {
  return concatBytes(
    Uint8Array.of(0xa3),
    cborText('alg'),
    Uint8Array.of(0x26),
    cborText('sig'),
    cborBytes(signature),
    cborText('x5c'),
    Uint8Array.of(0x81),
    cborBytes(new Uint8Array(leaf.rawData)),
  )
}
