import { BehalfError, isJsonObject, type JsonValue, parseJson } from '@behalf/core'
import { contradict } from './contradict.ts'
import { memberOf } from './record-members.ts'

/** What lies beside a record of a request, apart; nothing of it is verified. */
export interface ReadEvidence {
  /** Compact JWS: the chain root first, or one access token. */
  readonly credentials: readonly string[]
  /** What was signed. */
  readonly base: string
  /** Ed25519, base64url. */
  readonly signature: string
  /** Compact JWS. */
  readonly heartbeat: string | undefined
}

/** The greatest evidence of a request that an authority takes is a body of 4 MiB; bundles are no larger. */
const MAX_EVIDENCE_BYTES = 4 * 1024 * 1024

/**
 * Returns the parts of what lies beside a record of a request.
 *
 * @throws AuditLogError `audit_proof_invalid`; CoreError `json_malformed`, `json_ambiguous`
 */
export function readEvidenceText(text: string): ReadEvidence {
  const value = parseJson(text, { maxBytes: MAX_EVIDENCE_BYTES })
  const { credentials, signature, signature_base: base, heartbeat } = isJsonObject(value) ? value : {}
  if (!Array.isArray(credentials) || typeof signature !== 'string' || typeof base !== 'string') {
    throw contradict('it is no evidence of a request')
  }
  return {
    credentials: credentials.filter((jws) => typeof jws === 'string'),
    base,
    signature,
    heartbeat: typeof heartbeat === 'string' ? heartbeat : undefined,
  }
}

/** The heartbeat in the evidence of a request; undefined where there is none. */
export function heartbeatOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : memberOf(readJson(text), 'heartbeat')
}

function readJson(text: string): JsonValue | undefined {
  try {
    return parseJson(text, { maxBytes: MAX_EVIDENCE_BYTES })
  } catch (error) {
    if (error instanceof BehalfError) return undefined
    throw error
  }
}
