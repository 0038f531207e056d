import 'reflect-metadata'
import {
  AuthorityKeyIdentifierExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
} from '@peculiar/x509'
import { AuthorityError } from '../error.ts'
import { checkCertificateForm, checkLeaf, checkPurpose, checkSigner, isSameName } from './certificate.ts'

/**
 * Resolves when a chain of certificates leads from a workload to a root, now: each is signed by the next, which may
 * sign it. No other root counts, and nothing is fetched.
 *
 * @param path - of the workload first, the root last: at least two
 * @param now - milliseconds since the epoch
 * @throws AuthorityError `credential_expired`, `credential_not_yet_valid`, `algorithm_unsupported`, `key_invalid`,
 *   `credential_malformed`, `credential_type_mismatch`, `chain_broken`, `chain_too_deep`
 * @see RFC 5280 section 6.1
 */
export async function verifyCertificatePath(path: readonly X509Certificate[], now: number): Promise<void> {
  for (const [index, certificate] of path.entries()) {
    checkCertificateForm(certificate)
    checkTimes(certificate, now)
    const signer = path[index + 1]
    if (index > 0) checkSigner(certificate, index - 1)
    if (!signer) continue
    // What a root is for is said by whoever configured it.
    checkPurpose(certificate)
    if (!(await isSignedBy(certificate, signer))) {
      throw new AuthorityError(
        'chain_broken',
        'A certificate is not signed by the one that should have signed it',
      )
    }
  }
  const [leaf] = path
  if (leaf) checkLeaf(leaf)
}

/** Tells whether one certificate names another as its signer and was signed with its key. */
export async function isSignedBy(certificate: X509Certificate, signer: X509Certificate): Promise<boolean> {
  if (!isSameName(certificate.issuerName, signer.subjectName)) return false
  const asked = certificate.getExtension(AuthorityKeyIdentifierExtension)?.keyId
  const given = signer.getExtension(SubjectKeyIdentifierExtension)?.keyId
  if (asked !== undefined && given !== undefined && asked !== given) return false
  // Times are for the clock that is given; the library would read that of the system.
  // A key or signature that cannot be read makes it throw.
  return certificate.verify({ publicKey: signer.publicKey, signatureOnly: true }).catch(() => false)
}

function checkTimes({ notBefore, notAfter }: X509Certificate, now: number): void {
  // Written so that a time that is none is refused.
  if (!(now <= notAfter.getTime()))
    throw new AuthorityError('credential_expired', 'A certificate has expired')
  if (!(now >= notBefore.getTime())) {
    throw new AuthorityError('credential_not_yet_valid', 'A certificate is not valid yet')
  }
}
