export {
  parseAcceptSignature,
  type RequestedSignature,
  type SerializeAcceptSignatureOptions,
  serializeAcceptSignature,
} from './accept-signature.ts'
export { createContentDigest, verifyContentDigest } from './content-digest.ts'
export { HttpSignatureError, type HttpSignatureErrorCode, type HttpSignatureErrorOptions } from './error.ts'
export {
  type ControlData,
  type FieldIndex,
  type FieldLines,
  type Fields,
  type HttpMessage,
  type HttpRequestMessage,
  type HttpResponseMessage,
  indexFields,
  type RequestControlData,
  type ResponseControlData,
} from './http-message.ts'
export {
  MAX_FIELD_LENGTH,
  type ParseStructuredFieldOptions,
  parseDictionary,
  parseItem,
  parseList,
  type SfDictionary,
  type SfList,
  type SfParsedItem,
} from './parse-structured-field.ts'
export { type ReadSignature, type ReadSignatureOptions, readSignature } from './read-signature.ts'
export { serializeDictionary, serializeItem, serializeList } from './serialize-structured-field.ts'
export { type SignedFields, type SignMessageOptions, signMessage } from './sign-message.ts'
export { createSignatureBase, type SignatureInput } from './signature-base.ts'
export {
  type ParsedSignatureError,
  parseSignatureError,
  type SerializeSignatureErrorOptions,
  serializeSignatureError,
} from './signature-error.ts'
export type { SignatureErrorToken } from './signature-error-token.ts'
export { parseSignatureKey, type SignatureKey, serializeSignatureKey } from './signature-key.ts'
export {
  parseSignatureKeyCache,
  type SignatureKeyCache,
  serializeSignatureKeyCache,
} from './signature-key-cache.ts'
export type { SignatureParameters } from './signature-parameters.ts'
export { checkSignatureWindow, type SignatureWindowOptions } from './signature-window.ts'
export { parseStringList } from './string-list.ts'
export {
  isInnerList,
  type SfBareItem,
  type SfInnerList,
  type SfItem,
  type SfMember,
  type SfParameters,
} from './structured-field.ts'
export { DELEGATION_TAG, KEY_TAG } from './tag.ts'
export { verifySignature } from './verify-signature.ts'
