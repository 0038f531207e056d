import type { Signer } from '@behalf/core'
import { HttpSignatureError } from './error.ts'
import type { HttpMessage } from './http-message.ts'
import { isSfKey, serializeDictionary } from './serialize-structured-field.ts'
import { createSignatureBase } from './signature-base.ts'
import { parseSignatureParameters } from './signature-parameters.ts'
import { NO_PARAMETERS, type SfBareItem, type SfParameters, stringItem } from './structured-field.ts'
import { encodeSignatureBase } from './verify-signature.ts'

/** Options of {@link signMessage}; times are unix seconds. */
export interface SignMessageOptions {
  readonly signer: Signer
  /** A structured field key such as `sig`. */
  readonly label: string
  /** Names in lower case, without parameters. */
  readonly components: readonly string[]
  readonly created: number
  readonly expires: number
  /** 16 to 256 characters of base64url. */
  readonly nonce: string
  readonly keyid: string
  readonly tag: string
  /** Left out unless set; then it must be `ed25519`. */
  readonly alg?: string
}

/** The values of the two fields that a signature adds to its message. */
export interface SignedFields {
  readonly signatureInput: string
  readonly signature: string
}

/**
 * Signs a message. The result carries only parameters that `readSignature` accepts.
 *
 * @param message as it will be sent, every covered field included
 * @returns the values of `Signature-Input` and `Signature`
 * @throws TypeError when the label is not a structured field key
 * @throws HttpSignatureError with the codes of `createSignatureBase`, `parameter_invalid`, `nonce_invalid` or
 * `algorithm_unsupported` for the options, and `component_unsupported` when a covered value is not ASCII
 * @see RFC 9421 section 3.1
 * @example
 * ```ts
 * const { signatureInput, signature } = await signMessage(request, {
 *   signer, label: 'sig', components: ['@method', '@target-uri', 'signature-key'],
 *   created: 1700000000, expires: 1700000060, nonce: 'AAECAwQFBgcICQoLDA0ODw', keyid, tag: KEY_TAG,
 * })
 * ```
 */
export async function signMessage(message: HttpMessage, options: SignMessageOptions): Promise<SignedFields> {
  const { label, signer } = options
  if (!isSfKey(label)) throw new TypeError('a label is a structured field key')
  const components = options.components.map(stringItem)
  const params = createParameters(options)
  parseSignatureParameters(params)
  const base = createSignatureBase(message, { components, params })
  const bytes = encodeSignatureBase(base)
  if (bytes === undefined) {
    throw new HttpSignatureError('component_unsupported', 'a covered value is not ASCII')
  }
  const value: SfBareItem = { type: 'byte-sequence', value: await signer.sign(bytes) }
  return {
    signatureInput: serializeDictionary(new Map([[label, { items: components, params }]])),
    signature: serializeDictionary(new Map([[label, { value, params: NO_PARAMETERS }]])),
  }
}

function createParameters(options: SignMessageOptions): SfParameters {
  const params = new Map<string, SfBareItem>([
    ['created', { type: 'integer', value: options.created }],
    ['expires', { type: 'integer', value: options.expires }],
    ['nonce', { type: 'string', value: options.nonce }],
    ['keyid', { type: 'string', value: options.keyid }],
  ])
  if (options.alg !== undefined) params.set('alg', { type: 'string', value: options.alg })
  return params.set('tag', { type: 'string', value: options.tag })
}
