import { equalBytes } from '@behalf/core'
import type {
  DidDocument,
  DidResolver,
  VerificationMethod,
  VerificationRelationship,
} from './did-document.ts'
import { parseDidUrl } from './did-url.ts'
import { DidError } from './error.ts'
import { decodeMultikey } from './multikey.ts'

/** Options of {@link resolveVerificationMethod}. */
export interface ResolveVerificationMethodOptions {
  resolver: DidResolver
  /** What the key is about to be used for. */
  relationship: VerificationRelationship
}

/**
 * Resolves to the verification method that `didUrl` names, when its DID is the controller and allows it for the
 * relationship asked for.
 * @param didUrl a DID URL with a fragment
 * @throws DidError `key_invalid` for anything else than a DID URL with a fragment
 * @throws DidError `resolution_invalid` when the document is of another DID, does not list the method, does not allow
 * it for the relationship, or contradicts itself
 * @throws DidError what the resolver throws
 * @see DID Core 1.0 section 5.3, Controlled Identifiers 1.0 section 3.3
 */
export async function resolveVerificationMethod(
  didUrl: string,
  options: ResolveVerificationMethodOptions,
): Promise<VerificationMethod> {
  // The fragment picks the key, so it must be split off before resolving: the resolver would accept and ignore it.
  const { did, fragment } = parseDidUrl(didUrl)
  if (fragment === undefined)
    throw new DidError('key_invalid', 'The DID URL has no fragment, so it names no key')
  const document = await options.resolver.resolve(did)
  if (document.id !== did) throw invalid('the document is of another DID')
  const method = findMethod(document, didUrl)
  if (method.controller !== did) throw invalid('the key has another controller')
  if (!document[options.relationship].includes(didUrl)) throw invalid('the key is not allowed for this use')
  checkKey(method)
  return method
}

function findMethod(document: DidDocument, didUrl: string): VerificationMethod {
  const methods = document.verificationMethod.filter((method) => method.id === didUrl)
  const [method] = methods
  if (method === undefined || methods.length > 1)
    throw invalid('the document does not list the key exactly once')
  return method
}

function checkKey(method: VerificationMethod): void {
  if (method.type !== 'Multikey') throw invalid('the key is not a Multikey')
  if (!equalBytes(decodeMultikey(method.publicKeyMultibase), method.publicKey))
    throw invalid('the key contradicts itself')
}

function invalid(what: string): DidError {
  return new DidError('resolution_invalid', `The resolution cannot be used: ${what}`)
}
