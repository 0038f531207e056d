import { encodeUtf8 } from '@behalf/core'
import type { Did } from '@behalf/did'
import { CompactSign, importPKCS8 } from 'jose'
import { WalletError } from './error.ts'

/** A certificate of a workload, and what its key is to sign for. */
export interface WorkloadProofOptions {
  /** The workload's certificate and those between it and the root, in this order, without the root: PEM. */
  readonly certificates: string
  /** The key of the first one: PKCS #8 in PEM (`BEGIN PRIVATE KEY`). It signs once and is not kept. */
  readonly privateKey: string
  /** Origin of the authority. */
  readonly authority: string
  /** The agent key that is to be enrolled. */
  readonly agent: Did
  /** Milliseconds since the epoch. */
  readonly now: number
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/gu
const PROOF_SECONDS = 120
// Which of them a key is for is in the key: the others cannot read it.
const ALGORITHMS = ['ES256', 'ES384', 'RS256'] as const

/**
 * Resolves to what `AuthorityClient.enrolWorkload` shows for a certificate: a compact JWS that its key signed, for this
 * agent key and this authority alone, good for two minutes.
 *
 * @throws WalletError `input_invalid` for a file without certificates, or a key that is none of P-256, P-384 and RSA
 * @see RFC 7515 section 4.1.6
 * @example
 * const proof = await createWorkloadProof({ certificates, privateKey, authority, agent: wallet.did, now: Date.now() })
 * await wallet.authority(authority).enrolWorkload({ type: 'x509', proof })
 */
export async function createWorkloadProof(options: WorkloadProofOptions): Promise<string> {
  const { authority, agent, now } = options
  const x5c = [...options.certificates.matchAll(CERTIFICATE)].map(([, body = '']) =>
    body.replaceAll(/\s/gu, ''),
  )
  if (x5c.length === 0) {
    throw new WalletError('input_invalid', 'there is no certificate in PEM', { field: 'certificates' })
  }
  const { alg, key } = await importKey(options.privateKey)
  const iat = Math.floor(now / 1000)
  const claims = { aud: authority, sub: agent, iat, exp: iat + PROOF_SECONDS }
  return new CompactSign(Uint8Array.from(encodeUtf8(JSON.stringify(claims))))
    .setProtectedHeader({ alg, typ: 'workload-proof+jwt', x5c })
    .sign(key)
}

/**
 * Returns the audience of a token that only this agent key can use at an authority that demands `binding: 'audience'`.
 *
 * @param authority - its origin
 */
export function workloadAudience(authority: string, agent: Did): string {
  return `${authority}#${agent}`
}

async function importKey(pem: string): Promise<{
  readonly alg: string
  readonly key: Awaited<ReturnType<typeof importPKCS8>>
}> {
  for (const alg of ALGORITHMS) {
    const key = await importPKCS8(pem, alg).catch(() => undefined)
    if (key) return { alg, key }
  }
  const needed = 'the key must be P-256, P-384 or RSA, as PKCS #8 in PEM (BEGIN PRIVATE KEY)'
  throw new WalletError('input_invalid', needed, { field: 'private_key' })
}
