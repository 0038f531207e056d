export { createDidResolver, type DidResolverOptions } from './create-did-resolver.ts'
export type {
  DidDocument,
  DidResolver,
  VerificationMethod,
  VerificationRelationship,
} from './did-document.ts'
export { type DidKey, decodeDidKey, decodeDidKeyUrl, encodeDidKey, encodeDidKeyUrl } from './did-key.ts'
export { type Did, type DidUrl, parseDidUrl } from './did-url.ts'
export { DidError, type DidErrorCode } from './error.ts'
export {
  type ResolveVerificationMethodOptions,
  resolveVerificationMethod,
} from './resolve-verification-method.ts'
