import { derivedComponentValue, queryParameterValue } from './derived-component.ts'
import { HttpSignatureError } from './error.ts'
import { type ControlData, type FieldIndex, type HttpMessage, indexFields } from './http-message.ts'
import { serializeItem, serializeParameters } from './serialize-structured-field.ts'
import type { SfItem, SfParameters } from './structured-field.ts'

/** Characters that end a line or a text somewhere on the way. */
const LINE_BREAKER = /[\r\n\0]/

/** What a signature covers and under which parameters, both in the order of its `Signature-Input`. */
export interface SignatureInput {
  readonly components: readonly SfItem[]
  readonly params: SfParameters
}

/**
 * Builds the text that a signature signs. The parameters are spelled canonically in the order given, so that a
 * `Signature-Input` whose order was changed on the way yields another text.
 *
 * @param message whose values enter; several lines of one field are combined
 * @param signature the component identifiers as items, and the signature's parameters
 * @returns the signature base; it may hold characters outside ASCII when a field does, and no such base verifies
 * @throws HttpSignatureError `component_missing` for a field that is absent, `component_unsupported` for a component
 * or component parameter that is not built here, `signature_malformed` for a component that occurs twice, is not a
 * string, or has a line break in its value
 * @see RFC 9421 section 2.5
 */
export function createSignatureBase(message: HttpMessage, signature: SignatureInput): string {
  const identifiers = new Set(signature.components.map(serializeItem))
  if (identifiers.size !== signature.components.length) {
    throw new HttpSignatureError('signature_malformed', 'a component is covered twice')
  }
  return formatSignatureBase(message, indexFields(message.fields), signature)
}

/** {@link createSignatureBase} for components whose uniqueness is known and a message whose fields are indexed. */
export function formatSignatureBase(
  message: ControlData,
  fields: FieldIndex,
  signature: SignatureInput,
): string {
  let lines = ''
  let identifiers = ''
  for (const component of signature.components) {
    const identifier = serializeItem(component)
    lines += `${identifier}: ${componentValue(message, fields, component)}\n`
    identifiers += identifiers === '' ? identifier : ` ${identifier}`
  }
  return `${lines}"@signature-params": (${identifiers})${serializeParameters(signature.params)}`
}

function componentValue(message: ControlData, fields: FieldIndex, component: SfItem): string {
  const { value: identifier, params } = component
  if (identifier.type !== 'string') {
    throw new HttpSignatureError('signature_malformed', 'a component identifier is a string')
  }
  const name = identifier.value
  if (name === '@query-param') return queryParameterValue(message, component)
  if (params.size > 0)
    throw new HttpSignatureError('component_unsupported', 'component parameters are not supported')
  return name.startsWith('@') ? derivedComponentValue(message, name) : fieldComponentValue(fields, name)
}

function fieldComponentValue(fields: FieldIndex, name: string): string {
  const value = fields.values.get(name)
  if (value === undefined) {
    throw new HttpSignatureError('component_missing', 'a covered field is absent', { missing: [name] })
  }
  if (LINE_BREAKER.test(value)) {
    throw new HttpSignatureError('signature_malformed', 'a covered field has a line break in its value')
  }
  return value
}
