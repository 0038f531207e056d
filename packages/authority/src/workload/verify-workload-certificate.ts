import 'reflect-metadata'
import { digestSha256, type JsonObject, type JsonValue } from '@behalf/core'
import type { WorkloadProof } from '@behalf/issuer'
import { SubjectAlternativeNameExtension, type X509Certificate } from '@peculiar/x509'
import { compactVerify, errors, importSPKI } from 'jose'
import { AuthorityError } from '../error.ts'
import { algorithmOf, parseCertificate } from './certificate.ts'
import { checkTokenTimes } from './check-token-times.ts'
import { type ForeignJws, parseForeignJws } from './parse-foreign-jws.ts'
import { readShowable } from './read-claims.ts'
import type { CheckRevocation } from './revocation-lists.ts'
import { trustDomainOf } from './spiffe-id.ts'
import { isSignedBy, verifyCertificatePath } from './verify-certificate-path.ts'
import type { ShownTo } from './verify-workload-token.ts'
import type { X509WorkloadIssuer } from './workload-options.ts'

/** An issuer of certificates, with what is needed to check them. */
export interface CertificateIssuer {
  readonly options: X509WorkloadIssuer
  readonly roots: readonly X509Certificate[]
  /** Absent where certificates live so shortly that nobody has to revoke them. */
  readonly checkRevocation: CheckRevocation | undefined
}

/** `typ` of what the key of a certificate signs for an agent: nothing else that it signs is taken for it. */
export const WORKLOAD_PROOF_TYPE = 'workload-proof+jwt'

const MAX_CERTIFICATES = 4
const MAX_PROOF_SECONDS = 300
// A certificate may hold for months; whoever has it proves again that they do.
const MAX_ENROLLED_MS = 3_600_000

/**
 * Resolves to what a certificate proves: it leads to a configured root, holds now, is not revoked, and its key signed
 * for this agent key and this authority within the last five minutes.
 *
 * @param proof - a compact JWS with the chain in `x5c`, the workload's first, without the root
 * @throws AuthorityError `credential_too_large`, `credential_malformed`, `json_ambiguous`, `chain_too_deep`,
 *   `chain_broken`, `issuer_untrusted`, `issuer_mismatch`, `algorithm_unsupported`, `key_invalid`,
 *   `credential_type_mismatch`, `credential_signature_invalid`, `credential_expired`, `credential_not_yet_valid`,
 *   `policy_denied`, `audience_mismatch`, `key_mismatch`, and as `CheckRevocation`
 * @see RFC 5280 section 6, X.509-SVID sections 2 to 5, RFC 7515 section 4.1.6
 */
export async function verifyWorkloadCertificate(
  proof: string,
  { issuers, shown }: { readonly issuers: readonly CertificateIssuer[]; readonly shown: ShownTo },
): Promise<Omit<WorkloadProof, 'provenAt'>> {
  const jws = parseForeignJws(proof)
  const chain = readChain(jws.header)
  const { issuer, root } = await findIssuer(issuers, chain)
  const path = [...chain, root]
  await verifyCertificatePath(path, shown.now)
  await verifyPossession(jws, chain[0])
  checkClaims(jws.claims, shown)
  await checkNotRevoked(path, { issuer, now: shown.now })
  return {
    type: 'x509',
    issuer: issuer.options.issuer,
    subject: readSubject(chain[0], issuer.options),
    claims: {},
    digest: digestSha256(jws.signingInput),
    agent: shown.agent,
    validUntil: Math.min(shown.now + MAX_ENROLLED_MS, ...path.map(({ notAfter }) => notAfter.getTime())),
  }
}

type Chain = readonly [leaf: X509Certificate, ...signers: X509Certificate[]]

function readChain({ typ, crit, x5c }: JsonObject): Chain {
  if (typ !== WORKLOAD_PROOF_TYPE) {
    throw new AuthorityError('credential_type_mismatch', `The proof must be of type ${WORKLOAD_PROOF_TYPE}`)
  }
  const [leaf, ...signers] = readTexts(x5c)
  if (crit !== undefined || leaf === undefined) throw malformed('x5c must be a list of certificates')
  if (signers.length >= MAX_CERTIFICATES) {
    throw new AuthorityError('chain_too_deep', `At most ${MAX_CERTIFICATES} certificates are read`)
  }
  return [parseCertificate(leaf), ...signers.map(parseCertificate)]
}

function readTexts(value: JsonValue | undefined): readonly string[] {
  const items = Array.isArray(value) ? value : []
  return items.map((item) => {
    if (typeof item === 'string') return item
    throw malformed('A certificate is a text')
  })
}

async function findIssuer(
  issuers: readonly CertificateIssuer[],
  chain: Chain,
): Promise<{ readonly issuer: CertificateIssuer; readonly root: X509Certificate }> {
  const last = chain.at(-1) ?? chain[0]
  for (const issuer of issuers) {
    for (const root of issuer.roots) if (await isSignedBy(last, root)) return { issuer, root }
  }
  throw new AuthorityError('issuer_untrusted', 'The certificates lead to no root that counts here')
}

async function verifyPossession({ text, header }: ForeignJws, leaf: X509Certificate): Promise<void> {
  const alg = algorithmOf(leaf)
  if (header.alg !== alg) {
    throw new AuthorityError('algorithm_unsupported', `The key of the certificate signs with ${alg}`)
  }
  try {
    await compactVerify(text, await importSPKI(leaf.publicKey.toString('pem'), alg), { algorithms: [alg] })
  } catch (cause) {
    if (!(cause instanceof errors.JOSEError)) throw cause
    throw new AuthorityError(
      'credential_signature_invalid',
      'The proof was not signed with the key of the certificate',
      { cause },
    )
  }
}

function checkClaims(claims: JsonObject, { origin, agent, now }: ShownTo): void {
  checkTokenTimes(claims, { now, maxSeconds: MAX_PROOF_SECONDS })
  if (claims.aud !== origin) {
    throw new AuthorityError('audience_mismatch', `The proof must be made for ${origin}`)
  }
  if (claims.sub !== agent) {
    throw new AuthorityError(
      'key_mismatch',
      'The proof is for another key than the one that signed the request',
    )
  }
}

async function checkNotRevoked(
  path: readonly X509Certificate[],
  { issuer, now }: { readonly issuer: CertificateIssuer; readonly now: number },
): Promise<void> {
  const { revocation } = issuer.options
  const [leaf] = path
  if (leaf && 'maxLifetimeSeconds' in revocation) {
    const lifetime = leaf.notAfter.getTime() - leaf.notBefore.getTime()
    if (lifetime <= revocation.maxLifetimeSeconds * 1000) return
    throw new AuthorityError('policy_denied', 'The certificate lives too long for one that cannot be revoked')
  }
  for (const [index, signer] of path.entries()) {
    const certificate = path[index - 1]
    if (certificate) await issuer.checkRevocation?.(certificate, { signer, now })
  }
}

function readSubject(leaf: X509Certificate, { subject, issuer }: X509WorkloadIssuer): string {
  if (subject === 'distinguished-name') return readShowable(leaf.subject, 'subject')
  const names = leaf.getExtension(SubjectAlternativeNameExtension)?.names.items ?? []
  const [uri, second] = names.filter(({ type }) => type === 'url').map(({ value }) => value)
  const trustDomain = uri === undefined || second !== undefined ? undefined : trustDomainOf(uri)
  if (trustDomain === undefined)
    throw malformed('The certificate must have one URI, the SPIFFE ID of a workload')
  if (trustDomain === issuer) return readShowable(uri, 'uri')
  throw new AuthorityError('issuer_mismatch', 'The certificate names a workload of another trust domain')
}

function malformed(message: string): AuthorityError {
  return new AuthorityError('credential_malformed', message)
}
