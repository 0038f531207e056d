import { HttpSignatureError } from './error.ts'
import { parseDictionary } from './parse-structured-field.ts'
import { serializeDictionary } from './serialize-structured-field.ts'
import type { SignatureErrorToken } from './signature-error-token.ts'
import { isInnerList, NO_PARAMETERS, type SfItem, type SfMember, stringItem } from './structured-field.ts'

/** Options of {@link serializeSignatureError}. */
export interface SerializeSignatureErrorOptions {
  /** The components that must be covered; goes with `invalid_input`. */
  readonly requiredInput?: readonly string[]
}

/** A `Signature-Error` as received. The token is text: a peer may know tokens that we do not. */
export interface ParsedSignatureError {
  readonly error: string
  readonly requiredInput?: readonly string[]
}

/**
 * The value of `Signature-Error`.
 *
 * @throws TypeError when a component name cannot stand in a structured field
 * @see draft-hardt-httpbis-signature-key
 */
export function serializeSignatureError(
  token: SignatureErrorToken,
  options: SerializeSignatureErrorOptions = {},
): string {
  const members = new Map<string, SfMember>([
    ['error', { value: { type: 'token', value: token }, params: NO_PARAMETERS }],
  ])
  if (options.requiredInput !== undefined) {
    members.set('required_input', { items: options.requiredInput.map(stringItem), params: NO_PARAMETERS })
  }
  return serializeDictionary(members)
}

/**
 * Reads the value of `Signature-Error`; members it does not know are ignored.
 *
 * @throws HttpSignatureError `signature_malformed` when it does not parse or a member has another type
 * @see draft-hardt-httpbis-signature-key
 */
export function parseSignatureError(value: string): ParsedSignatureError {
  const { members } = parseDictionary(value)
  const error = members.get('error')
  if (error === undefined || isInnerList(error) || error.value.type !== 'token') {
    throw new HttpSignatureError('signature_malformed', 'Signature-Error names no error')
  }
  const required = members.get('required_input')
  if (required === undefined) return { error: error.value.value }
  if (!isInnerList(required)) {
    throw new HttpSignatureError('signature_malformed', 'required_input is not an inner list')
  }
  return { error: error.value.value, requiredInput: required.items.map(readName) }
}

function readName({ value }: SfItem): string {
  if (value.type === 'string') return value.value
  throw new HttpSignatureError('signature_malformed', 'required_input holds something else than names')
}
