import {
  CoreError,
  decodeBase64url,
  encodeUtf8,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  verifyEd25519,
} from '@behalf/core'
import { formatMessageStatement } from '@behalf/credential'
import { decodeDidKeyUrl } from '@behalf/did'
import { type AgentContextMember, checkRequiredContext, readContextObject } from './agent-context.ts'
import type { ShownProof } from './decide-proof.ts'
import { type Presentation, presentChain } from './delegation-steps.ts'
import { VerifierError } from './error.ts'

/** What a proof is read with. */
export interface ReadMessageProofOptions {
  /** URI of the server. */
  readonly audience: string
  /** What the proof has to cover. */
  readonly message: JsonObject
  readonly requiredContext: readonly AgentContextMember[]
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** A proof that was read from a message; nothing of it is verified. */
export interface MessageProof extends ShownProof {
  /** The evidence of the approval, where it is shown; not looked at. */
  readonly evidence: JsonObject | undefined
}

const MEMBERS: ReadonlySet<string> = new Set([
  'audience',
  'chain',
  'cid',
  'context',
  'created',
  'evidence',
  'expires',
  'keyid',
  'nonce',
  'signature',
])
const REQUIRED = ['created', 'expires', 'nonce', 'keyid'] as const
const NONCE = /^[A-Za-z0-9_-]{16,256}$/
const CID = /^[A-Za-z0-9_-]{43}$/
const SIGNATURE_BYTES = 64

/**
 * The proof of a message, in the form the profile wants it and for this server; nothing of it is verified.
 *
 * @param value the proof as it came
 * @throws VerifierError signature_missing, signature_malformed, target_mismatch (for another server),
 * parameter_missing, parameter_invalid, nonce_invalid, context_missing, credential_missing, credential_malformed, request_malformed (a
 * chain and the name of one), json_ambiguous; DidError key_invalid, keyid_unsupported
 */
export function readMessageProof(
  value: JsonValue | undefined,
  { audience, message, requiredContext, now }: ReadMessageProofOptions,
): MessageProof {
  const proof = readObject(value)
  checkAudience(proof, audience)
  const parameters = readParameters(proof)
  const signature = readSignature(proof)
  const { context, evidence } = proof
  const said = context === undefined ? undefined : readContextObject(context)
  checkRequiredContext(said, requiredContext)
  const signatory = decodeDidKeyUrl(parameters.keyid)
  const presentation = readShownChain(proof)
  const statement = {
    ...parameters,
    audience,
    cid: presentation.cid,
    message,
    ...(isJsonObject(context) && { context }),
  }
  const base = formatMessageStatement(statement)
  return {
    signatory,
    presentation,
    signature: { ...parameters, base, signature },
    context: said,
    body: encodeUtf8(base),
    now,
    evidence: readEvidence(evidence),
  }
}

/**
 * The key made the proof of the message.
 *
 * @throws VerifierError signature_invalid
 */
export function verifyMessageProof({ body, signature }: MessageProof, publicKey: Uint8Array): void {
  if (verifyEd25519(publicKey, body, signature.signature)) return
  throw new VerifierError('signature_invalid', 'the proof of the message does not verify')
}

function readObject(value: JsonValue | undefined): JsonObject {
  if (value === undefined) throw new VerifierError('signature_missing', 'the message has no proof')
  if (!isJsonObject(value)) throw malformed('the proof is not an object')
  if (!Object.keys(value).every((name) => MEMBERS.has(name))) throw malformed('a member of the proof is none')
  return value
}

function readSignature({ signature }: JsonObject): Uint8Array {
  try {
    const bytes = typeof signature === 'string' ? decodeBase64url(signature) : undefined
    if (bytes?.length === SIGNATURE_BYTES) return bytes
  } catch (error) {
    if (!(error instanceof CoreError)) throw error
  }
  throw malformed(`a signature has ${SIGNATURE_BYTES} bytes`)
}

function readParameters(
  proof: JsonObject,
): Pick<ShownProof['signature'], 'created' | 'expires' | 'nonce'> & { readonly keyid: string } {
  const missing = REQUIRED.filter((name) => proof[name] === undefined)
  if (missing.length > 0) {
    throw new VerifierError('parameter_missing', `a proof without ${missing.join(', ')}`, { missing })
  }
  const { created, expires, nonce, keyid } = proof
  if (!isTime(created) || !isTime(expires)) throw invalid('a time is not a non-negative integer')
  if (expires <= created) throw invalid('expires is not after created')
  if (typeof nonce !== 'string' || !NONCE.test(nonce)) {
    throw new VerifierError('nonce_invalid', 'a nonce is 16 to 256 characters of base64url')
  }
  if (typeof keyid !== 'string') throw invalid('keyid is not a text')
  return { created, expires, nonce, keyid }
}

function isTime(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function checkAudience({ audience }: JsonObject, own: string): void {
  if (audience === undefined) {
    throw new VerifierError('parameter_missing', 'a proof without audience', { missing: ['audience'] })
  }
  if (audience !== own) throw new VerifierError('target_mismatch', 'the proof is for another server')
}

function readShownChain({ chain, cid }: JsonObject): Presentation {
  if (chain !== undefined && cid !== undefined) {
    throw new VerifierError('request_malformed', 'a chain together with the name of one')
  }
  if (chain !== undefined) return presentChain(readLinks(chain), false)
  if (cid === undefined) throw new VerifierError('credential_missing', 'the proof shows no delegation')
  if (typeof cid === 'string' && CID.test(cid)) return { kind: 'reference', cid }
  throw new VerifierError('credential_malformed', 'the name of the chain is not a digest')
}

function readLinks(chain: JsonValue): readonly string[] {
  const isText = (link: JsonValue): link is string => typeof link === 'string'
  if (Array.isArray(chain) && chain.every(isText)) return chain
  throw new VerifierError('credential_malformed', 'the chain is not a list of texts')
}

function readEvidence(value: JsonValue | undefined): JsonObject | undefined {
  if (value === undefined || isJsonObject(value)) return value
  throw new VerifierError('evidence_invalid', 'the evidence is not a document')
}

function invalid(message: string): VerifierError {
  return new VerifierError('parameter_invalid', message)
}

function malformed(message: string): VerifierError {
  return new VerifierError('signature_malformed', message)
}
