import { BehalfError } from '@behalf/core'
import { CredentialError } from '@behalf/credential'
import { HttpSignatureError } from '@behalf/http-signature'
import { type RefusalEvidence, VerifierError } from './error.ts'
import { isVerifierErrorCode } from './http-failure.ts'

/** What is asked to be covered. A signature may cover more, under names that are the peer's and are not repeated. */
const ASKED_COMPONENTS: ReadonlySet<string> = new Set([
  '@method',
  '@target-uri',
  'signature-key',
  'content-digest',
  'content-type',
  'agent-context',
  'approval-evidence',
])

/**
 * The error as a `VerifierError`: one of another package keeps its code and its evidence, anything without a code of
 * the table is a bug and becomes internal_error.
 *
 * @param error what was thrown
 * @param mayTell false until the signature of the request verified: nothing about a credential is told before
 */
export function toVerifierError(error: unknown, mayTell: boolean): VerifierError {
  if (error instanceof VerifierError) return error
  if (!(error instanceof BehalfError) || !isVerifierErrorCode(error.code)) {
    return new VerifierError('internal_error', 'an error without a code of the table', {
      cause: error,
      fault: true,
    })
  }
  return new VerifierError(error.code, error.message, { ...readEvidence(error, mayTell), cause: error })
}

function readEvidence(error: BehalfError, mayTell: boolean): RefusalEvidence {
  if (error instanceof HttpSignatureError) {
    return { ...pickDefined(error, ['missing', 'signatureError']), ...readMissing(error) }
  }
  if (error instanceof CredentialError && mayTell) return pickDefined(error, ['link', 'field'])
  return {}
}

function readMissing({ code, missing }: HttpSignatureError): Pick<RefusalEvidence, 'missing'> {
  if (code !== 'component_missing' || missing === undefined) return {}
  return { missing: missing.filter((name) => ASKED_COMPONENTS.has(name)) }
}

function pickDefined(source: RefusalEvidence, names: readonly (keyof RefusalEvidence)[]): RefusalEvidence {
  return Object.fromEntries(
    names.flatMap((name) => (source[name] === undefined ? [] : [[name, source[name]]])),
  )
}
