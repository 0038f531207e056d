import { encodeBase64url, encodeEd25519Jwk, type JsonObject, type Signer } from '@behalf/core'
import { type Did, decodeDidKey } from '@behalf/did'
import { type Capability, serializeCapabilities } from './capability.ts'
import { CREDENTIALS_CONTEXT_URL, DELEGATION_CONTEXT_URL } from './context.ts'
import { formatDateTime, toSeconds } from './date-time.ts'
import { DELEGATION_TYPE, parseDelegation } from './delegation.ts'
import type {
  ApprovalReference,
  OnBehalfOf,
  ParentReference,
  PolicyReference,
  Workflow,
} from './delegation-subject.ts'
import { encodeSigningInput, signCompactJws } from './jws.ts'
import type { StatusEntry } from './status-entry.ts'

/** What a delegation shall say. Times are milliseconds since the epoch and are cut down to whole seconds. */
export interface DelegationTerms {
  /** `urn:uuid:…`, see `createUuid` of `@behalf/core`. */
  readonly id: string
  readonly issuer: Did
  /** The `did:key` of the agent. */
  readonly subject: Did
  readonly onBehalfOf: OnBehalfOf
  readonly capabilities: readonly Capability[]
  readonly maxUses?: number
  readonly maxDelegationDepth?: number
  readonly purpose?: string
  readonly workflow?: Workflow
  /** Roots only. */
  readonly policy?: PolicyReference
  /** Roots only. */
  readonly approval?: ApprovalReference
  /** Children only. */
  readonly parent?: ParentReference
  readonly validFrom: number
  readonly validUntil: number
  readonly status: StatusEntry
}

const UNSIGNED = encodeBase64url(new Uint8Array(64))

/**
 * Returns the whole payload of a delegation, claims of the JWT included.
 * @param terms what it shall say
 * @param issuedAt milliseconds since the epoch
 * @throws DidError when `terms.subject` is not the `did:key` of an Ed25519 key
 * @throws TypeError for a time outside the years 0000 to 9999
 */
export function createDelegationPayload(terms: DelegationTerms, issuedAt: number): JsonObject {
  const { id, issuer, subject, validFrom, validUntil, status } = terms
  return {
    '@context': [CREDENTIALS_CONTEXT_URL, DELEGATION_CONTEXT_URL],
    id,
    type: ['VerifiableCredential', 'DelegationCredential'],
    issuer,
    validFrom: formatDateTime(validFrom),
    validUntil: formatDateTime(validUntil),
    credentialSubject: createSubject(terms),
    credentialStatus: { ...status },
    iss: issuer,
    sub: subject,
    jti: id,
    nbf: toSeconds(validFrom),
    exp: toSeconds(validUntil),
    iat: toSeconds(issuedAt),
    cnf: { jwk: { ...encodeEd25519Jwk(decodeDidKey(subject)) } },
  }
}

/**
 * Resolves to the compact JWS of a delegation that {@link parseDelegation} accepts.
 * @param payload see {@link createDelegationPayload}
 * @param options `kid` is the DID URL of the signer's key
 * @throws CredentialError with the code with which {@link parseDelegation} would refuse it, before anything is signed
 * @example
 * const jws = await signDelegation(createDelegationPayload(terms, now), { signer, kid })
 */
export async function signDelegation(
  payload: JsonObject,
  options: { readonly signer: Signer; readonly kid: string },
): Promise<string> {
  const header = { typ: DELEGATION_TYPE, kid: options.kid }
  parseDelegation(`${encodeSigningInput(header, payload)}.${UNSIGNED}`)
  return await signCompactJws({ header, payload, signer: options.signer })
}

function createSubject(terms: DelegationTerms): JsonObject {
  const { maxUses, maxDelegationDepth, purpose, workflow, policy, approval, parent } = terms
  return {
    id: terms.subject,
    onBehalfOf: terms.onBehalfOf,
    capabilities: serializeCapabilities(terms.capabilities),
    ...(maxUses === undefined ? {} : { maxUses }),
    ...(maxDelegationDepth === undefined ? {} : { maxDelegationDepth }),
    ...(purpose === undefined ? {} : { purpose }),
    ...(workflow === undefined ? {} : { workflow }),
    ...(policy === undefined ? {} : { policy }),
    ...(approval === undefined ? {} : { approval }),
    ...(parent === undefined ? {} : { parent }),
  }
}
