import {
  convertCertBufferToPEM,
  type decodeAttestationObject,
  validateCertificatePath,
} from '@simplewebauthn/server/helpers'
import { AuthorityError } from '../error.ts'
import type { PeopleContext } from './people-context.ts'

type Attestation = ReturnType<typeof decodeAttestationObject>

const MAX_CERTIFICATES = 5

/**
 * The attestation is of a kind that the policy takes. Without a policy that is none, or an authenticator's word for
 * itself: what else browsers strip before they answer. With one it is a statement by a certificate that leads to a
 * configured root; its signature is for `verifyRegistrationResponse` to check.
 *
 * @throws AuthorityError `webauthn_attestation_invalid`
 * @see WebAuthn Level 3 sections 7.1 steps 21 to 24 and 8.2
 */
export async function checkAttestation(
  { attestation: policy }: Pick<PeopleContext, 'attestation'>,
  attestation: Attestation,
): Promise<void> {
  const format: string = attestation.get('fmt')
  const certificates = attestation.get('attStmt').get('x5c')
  if (policy.kind === 'none') {
    // Certificates that nobody asked for are not read: they name addresses that reading would call.
    if (format === 'none' || (format === 'packed' && certificates === undefined)) return
    throw invalid('No attestation was asked for')
  }
  if (format !== 'packed' || !isCertificates(certificates)) {
    throw invalid('A packed attestation with its certificates is required here')
  }
  await validateCertificatePath(certificates.map(convertCertBufferToPEM), [...policy.roots]).catch(
    (cause: unknown) => {
      throw invalid('The certificates lead to no root that is trusted here', cause)
    },
  )
}

function isCertificates(value: unknown): value is Uint8Array<ArrayBuffer>[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_CERTIFICATES) return false
  return value.every((certificate) => certificate instanceof Uint8Array)
}

function invalid(message: string, cause?: unknown): AuthorityError {
  return new AuthorityError('webauthn_attestation_invalid', message, { cause })
}
