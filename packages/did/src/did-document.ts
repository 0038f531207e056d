import type { Did } from './did-url.ts'

/** A key of a DID, in the one form this project uses. */
export interface VerificationMethod {
  /** The full DID URL. */
  readonly id: string
  readonly type: 'Multikey'
  readonly controller: Did
  /** `z6Mk…` */
  readonly publicKeyMultibase: string
  /** The same key, 32 bytes. */
  readonly publicKey: Uint8Array
}

/** What a key may be used for. */
export type VerificationRelationship =
  | 'assertionMethod'
  | 'authentication'
  | 'capabilityInvocation'
  | 'capabilityDelegation'

/** A checked DID document: every relationship lists ids of its own verification methods. */
export interface DidDocument extends Readonly<Record<VerificationRelationship, readonly string[]>> {
  readonly id: Did
  readonly verificationMethod: readonly VerificationMethod[]
}

/** Turns a DID into its document. A further DID method is a new implementation of this interface. */
export interface DidResolver {
  /**
   * Resolves to the checked document of `did`.
   * @throws DidError `keyid_unsupported` when this resolver does not know the method: the caller may try another one
   */
  resolve(did: Did): Promise<DidDocument>
}
