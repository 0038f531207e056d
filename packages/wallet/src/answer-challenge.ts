import { BehalfError } from '@behalf/core'
import { parseAcceptSignature, type SfBareItem } from '@behalf/http-signature'
import { WalletError } from './error.ts'
import { peekProblem } from './read-response.ts'
import { EVIDENCE_FIELD, requiredComponents } from './sign-request.ts'

/** Refused for what the signature did not cover: another try makes sense only with more. */
const COVERAGE_CODES = ['signature_missing', 'component_missing', 'parameter_missing', 'digest_missing']
/** Derived components that the profile allows beside the ones that are always covered. */
const EXTRA_DERIVED = ['@authority', '@path', '@query', '@scheme']
/** A signature cannot cover its own value. */
const UNCOVERABLE_FIELDS = ['signature', 'signature-input']
/** Covered whenever the request has them; a challenge naming them asks nothing of a request that has not. */
const CONDITIONAL_FIELDS = ['content-type', 'agent-context', EVIDENCE_FIELD]
/** A repetition of these has no further effect, whatever became of the first. */
const IDEMPOTENT_METHODS = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']

/** The request that was refused. */
export interface ChallengedRequest {
  readonly method: string
  /** All its fields, as sent. */
  readonly headers: Headers
  /** Our tag; other members of Accept-Signature are not for us. */
  readonly tag: string
}

/**
 * What to cover beside the usual in one more try, or `undefined` when another try is pointless or not asked for.
 * A challenge can only add: what it leaves out stays covered.
 *
 * Another try is made for codes about coverage when the challenge adds something, for `signature_expired` (the
 * request waited too long; the new signature has the new time), and for `nonce_replayed` when the method is
 * idempotent, because the first copy may have been carried out. A peer's clock is never adopted: when ours is wrong,
 * the caller sees the refusal and its `Date`.
 *
 * @param response - its body stays readable
 * @returns components to add, possibly none
 * @throws {WalletError} component_unsupported: the challenge names components outside the profile; component_missing:
 *   it names fields that this request does not have
 * @see RFC 9421 section 5
 */
export async function answerChallenge(
  response: Response,
  request: ChallengedRequest,
): Promise<readonly string[] | undefined> {
  const header = response.headers.get('accept-signature')
  if (response.status !== 401 || header === null) return undefined
  const demanded = readDemand(header, request.tag)
  if (demanded === undefined) return undefined
  const code = (await peekProblem(response))?.code ?? ''
  const isAboutCoverage = COVERAGE_CODES.includes(code)
  if (!isAboutCoverage && !helpsToSignAgain(code, request.method)) return undefined
  const extra = selectExtra(demanded, request.headers)
  return isAboutCoverage && extra.length === 0 ? undefined : extra
}

/**
 * Whether a refusal asks for the evidence of the approval: `approval_required`, with a challenge that names the field.
 *
 * @param response - its body stays readable
 * @param tag - ours
 */
export async function asksForEvidence(response: Response, tag: string): Promise<boolean> {
  const header = response.headers.get('accept-signature')
  if (response.status !== 403 || header === null) return false
  if (readDemand(header, tag)?.includes(EVIDENCE_FIELD) !== true) return false
  return (await peekProblem(response))?.code === 'approval_required'
}

function readDemand(header: string, tag: string): readonly string[] | undefined {
  try {
    const challenge = parseAcceptSignature(header).find(({ params }) => isTag(params.get('tag'), tag))
    return challenge?.components
  } catch (error) {
    if (error instanceof BehalfError) return undefined
    throw error
  }
}

function isTag(parameter: SfBareItem | undefined, tag: string): boolean {
  return parameter?.type === 'string' && parameter.value === tag
}

function selectExtra(demanded: readonly string[], headers: Headers): readonly string[] {
  const covered = requiredComponents(headers)
  const extra = [...new Set(demanded)].filter(
    (name) => !covered.includes(name) && !CONDITIONAL_FIELDS.includes(name),
  )
  const unsupported = extra.filter(isUnsupported)
  if (unsupported.length > 0) {
    throw new WalletError('component_unsupported', 'the challenge demands components outside the profile', {
      missing: unsupported,
    })
  }
  const missing = extra.filter(
    (name) => !name.startsWith('@') && name !== 'content-digest' && !headers.has(name),
  )
  if (missing.length > 0) {
    throw new WalletError(
      'component_missing',
      'the challenge demands header fields that the request does not have',
      {
        missing,
      },
    )
  }
  return extra
}

function isUnsupported(name: string): boolean {
  if (name.startsWith('@')) return !EXTRA_DERIVED.includes(name)
  return UNCOVERABLE_FIELDS.includes(name) || name !== name.toLowerCase()
}

function helpsToSignAgain(code: string, method: string): boolean {
  if (code === 'nonce_replayed') return IDEMPOTENT_METHODS.includes(method)
  return code === 'signature_expired'
}
