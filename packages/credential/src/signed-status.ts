import { BehalfError, type JsonObject, verifyEd25519 } from '@behalf/core'
import type { Did } from '@behalf/did'
import type { IssuerKeys } from './chain.ts'
import { CredentialError } from './error.ts'
import { checkKeyOwner, parseCompactJws, readKeyId } from './jws.ts'

/** What {@link readSignedStatus} relies on. */
export interface ReadSignedStatusOptions {
  readonly typ: string
  readonly maxBytes: number
  readonly issuer: Did
  readonly issuers: IssuerKeys
}

/**
 * Returns the payload of a JWS of this type that a key of this trusted issuer signed.
 * @throws CredentialError when it is anything else
 */
export function readSignedStatus(jws: string, options: ReadSignedStatusOptions): JsonObject {
  const { typ, maxBytes, issuer, issuers } = options
  const { header, payload, signingInput, signature } = parseCompactJws(jws, { maxBytes })
  const kid = readKeyId(header, typ)
  checkKeyOwner(kid, issuer)
  const key = issuers(issuer, kid)
  if (key === undefined) throw new CredentialError('issuer_untrusted', 'The issuer is not trusted')
  if (!verifyEd25519(key, signingInput, signature)) {
    throw new CredentialError('credential_signature_invalid', 'The signature is invalid')
  }
  return payload
}

/** Returns what `read` returns; whatever it refuses is `status_invalid`, with the reason as its cause. */
export function refuseAsStatusInvalid<Value>(what: string, read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof BehalfError)) throw cause
    throw new CredentialError('status_invalid', `The ${what} is invalid: ${cause.message}`, { cause })
  }
}
