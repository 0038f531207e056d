import { isJsonObject, type JsonObject } from '@behalf/core'
import { base58btc } from 'multiformats/bases/base58'
import type { DidDocument, VerificationMethod } from './did-document.ts'
import { type DidKey, encodeDidKeyUrl } from './did-key.ts'
import { DidError } from './error.ts'
import { encodeMultikey } from './multikey.ts'

const LEGACY_TYPE = 'Ed25519VerificationKey2018'

/**
 * Returns the document of a `did:key` in its present form, after comparing the resolver's old-style document with the
 * key that the DID spells. Key agreement is dropped: this project has no use for it.
 * @param result a DID resolution result, untrusted
 * @param expected the DID and its own key
 * @throws DidError `resolution_invalid` for an error, another id or controller, another key or key type, more than one
 * key, or a relationship that is not exactly this key
 * @see did:key method 0.9 section 3.1.1
 */
export function normalizeDidKeyDocument(result: unknown, expected: DidKey): DidDocument {
  const document = readDocument(result)
  const id = encodeDidKeyUrl(expected.did)
  if (document.id !== expected.did) throw invalid('the document is of another DID')
  checkMethod(document.verificationMethod, { id, expected })
  const relationship = (name: string): readonly string[] => checkRelationship(document[name], id)
  return {
    id: expected.did,
    verificationMethod: [createMultikeyMethod(id, expected)],
    assertionMethod: relationship('assertionMethod'),
    authentication: relationship('authentication'),
    capabilityInvocation: relationship('capabilityInvocation'),
    capabilityDelegation: relationship('capabilityDelegation'),
  }
}

function readDocument(result: unknown): JsonObject {
  if (!isJsonObject(result) || !isJsonObject(result.didDocument)) throw invalid('there is no document')
  const metadata = result.didResolutionMetadata
  if (!isJsonObject(metadata) || metadata.error !== undefined) throw invalid('the resolver reports an error')
  return result.didDocument
}

function checkMethod(methods: unknown, { id, expected }: { id: string; expected: DidKey }): void {
  if (!Array.isArray(methods) || methods.length !== 1)
    throw invalid('there is not exactly one verification method')
  const method: unknown = methods[0]
  if (!isJsonObject(method) || method.id !== id) throw invalid('the verification method has another id')
  if (method.controller !== expected.did) throw invalid('the verification method has another controller')
  if (method.type !== LEGACY_TYPE) throw invalid('the verification method is of another type')
  // Bytes have one spelling in base58btc, so comparing texts finds no key, another key and no spelling of a key alike.
  if (method.publicKeyBase58 !== base58btc.baseEncode(expected.publicKey))
    throw invalid('the key is another one')
}

function checkRelationship(ids: unknown, id: string): readonly string[] {
  if (!Array.isArray(ids) || ids.length !== 1 || ids[0] !== id)
    throw invalid('a relationship is not exactly the key')
  return [id]
}

function createMultikeyMethod(id: string, { did, publicKey }: DidKey): VerificationMethod {
  return { id, type: 'Multikey', controller: did, publicKeyMultibase: encodeMultikey(publicKey), publicKey }
}

function invalid(what: string): DidError {
  return new DidError('resolution_invalid', `The resolution cannot be used: ${what}`)
}
