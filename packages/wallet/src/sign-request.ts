import {
  type Clock,
  canonicalizeJson,
  encodeBase64url,
  encodeUtf8,
  type JsonObject,
  type RandomBytes,
  type Signer,
} from '@behalf/core'
import { type Did, encodeDidKeyUrl } from '@behalf/did'
import {
  createContentDigest,
  type FieldLines,
  type SfItem,
  type SignatureKey,
  serializeItem,
  serializeList,
  serializeSignatureKey,
  signMessage,
} from '@behalf/http-signature'
import type { RequestTarget } from './request-target.ts'

/** The label of our signature, the same in every request. */
export const SIGNATURE_LABEL = 'sig'

const NONCE_BYTES = 16
const MAX_LIFETIME_SECONDS = 300

/** The field that shows the evidence of an approval. */
export const EVIDENCE_FIELD = 'approval-evidence'

/** Fields that only signRequest writes. */
export const SIGNATURE_FIELDS: readonly string[] = [
  'signature',
  'signature-input',
  'signature-key',
  'delegation-chain',
  'content-digest',
  'agent-context',
  EVIDENCE_FIELD,
]

/** A request before it is signed. */
export interface RequestDraft {
  /** As on the wire. */
  readonly method: string
  readonly target: RequestTarget
  readonly headers: Headers
  readonly body?: Uint8Array<ArrayBuffer>
  /** Value of Agent-Context. */
  readonly agentContext?: string
}

/** In what role the key signs. */
export interface Presentation {
  readonly tag: string
  readonly signatureKey: SignatureKey
  /** Compact JWS of the links above the leaf, root first. */
  readonly ancestors: readonly string[]
  /** Evidence of the root's approval, where it is shown. */
  readonly evidence?: JsonObject
}

/** Signs drafts with the key of one agent. Never leaves this package: with it, anything could be signed. */
export interface RequestSigner {
  /**
   * @returns all fields of the request, signature included, under a new nonce
   */
  sign(draft: RequestDraft, presentation: Presentation, extraComponents?: readonly string[]): Promise<Headers>
}

/** What createRequestSigner needs. */
export interface RequestSignerOptions {
  readonly did: Did
  readonly signer: Signer
  readonly clock: Clock
  readonly random: RandomBytes
  /** From created to expires, 1 to 300. */
  readonly lifetimeSeconds: number
}

/**
 * A signer of requests that always covers method, target, key and, where there are any, body, content type and
 * agent context; extra components add to that and never replace it.
 *
 * @throws {TypeError} for a lifetime outside 1 to 300 seconds
 * @see RFC 9421 section 3.1
 */
export function createRequestSigner(options: RequestSignerOptions): RequestSigner {
  const { did, signer, clock, random, lifetimeSeconds } = options
  if (!Number.isInteger(lifetimeSeconds) || lifetimeSeconds < 1 || lifetimeSeconds > MAX_LIFETIME_SECONDS) {
    throw new TypeError(`a signature lives from 1 to ${MAX_LIFETIME_SECONDS} seconds`)
  }
  const keyid = encodeDidKeyUrl(did)

  return {
    sign: async (draft, presentation, extraComponents = []) => {
      const headers = presentFields(draft, presentation, extraComponents)
      const components = new Set([...requiredComponents(headers), ...extraComponents])
      const created = Math.floor(clock() / 1000)
      const { signatureInput, signature } = await signMessage(toMessage(draft, headers), {
        signer,
        label: SIGNATURE_LABEL,
        components: [...components],
        created,
        expires: created + lifetimeSeconds,
        nonce: encodeBase64url(random(NONCE_BYTES)),
        keyid,
        tag: presentation.tag,
      })
      headers.set('signature-input', signatureInput)
      headers.set('signature', signature)
      return headers
    },
  }
}

/** The components that every signature over these fields covers. */
export function requiredComponents(headers: Headers): readonly string[] {
  const fields = ['content-type', 'content-digest', 'signature-key', 'agent-context', EVIDENCE_FIELD]
  return ['@method', '@target-uri', ...fields.filter((name) => headers.has(name))]
}

function presentFields(
  draft: RequestDraft,
  presentation: Presentation,
  extraComponents: readonly string[],
): Headers {
  const headers = new Headers(draft.headers)
  if (draft.body !== undefined || extraComponents.includes('content-digest')) {
    headers.set('content-digest', createContentDigest(draft.body ?? new Uint8Array()))
  }
  headers.set('signature-key', serializeSignatureKey(SIGNATURE_LABEL, presentation.signatureKey))
  if (presentation.ancestors.length > 0) {
    headers.set('delegation-chain', serializeList(presentation.ancestors.map(toStringItem)))
  }
  if (draft.agentContext !== undefined) headers.set('agent-context', draft.agentContext)
  const { evidence } = presentation
  if (evidence !== undefined) {
    headers.set(EVIDENCE_FIELD, serializeItem(toBytesItem(encodeUtf8(canonicalizeJson(evidence)))))
  }
  return headers
}

function toMessage(draft: RequestDraft, headers: Headers): Parameters<typeof signMessage>[0] {
  const fields: FieldLines = [...headers]
  return {
    kind: 'request',
    method: draft.method,
    origin: draft.target.origin,
    target: draft.target.target,
    fields,
  }
}

function toStringItem(value: string): SfItem {
  return { value: { type: 'string', value }, params: new Map() }
}

function toBytesItem(value: Uint8Array): SfItem {
  return { value: { type: 'byte-sequence', value }, params: new Map() }
}
