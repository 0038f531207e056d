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

/** What a signature of the profile covers: names of fields and derived components, which need no escapes. */
export interface NamedInput {
  readonly names: readonly string[]
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
  const { components, params } = signature
  const fields = indexFields(message.fields)
  const identifiers = components.map(serializeItem)
  if (new Set(identifiers).size !== components.length) {
    throw new HttpSignatureError('signature_malformed', 'a component is covered twice')
  }
  const values = components.map((component) => componentValue(message, fields, component))
  const lines = identifiers.map((identifier, index) => `${identifier}: ${values[index]}\n`).join('')
  return lines + formatLastLine(identifiers.join(' '), params)
}

/**
 * The same text as {@link createSignatureBase} builds, for names that were checked and a message whose fields are
 * indexed.
 *
 * @param input at least one name, each without a character that a structured field string would escape, none twice
 */
export function formatSignatureBase(message: ControlData, fields: FieldIndex, input: NamedInput): string {
  let lines = ''
  for (const name of input.names) lines += `"${name}": ${namedValue(message, fields, name)}\n`
  return lines + formatLastLine(`"${input.names.join('" "')}"`, input.params)
}

function formatLastLine(identifiers: string, params: SfParameters): string {
  return `"@signature-params": (${identifiers})${serializeParameters(params)}`
}

function componentValue(message: ControlData, fields: FieldIndex, component: SfItem): string {
  const { value: identifier, params } = component
  if (identifier.type !== 'string') {
    throw new HttpSignatureError('signature_malformed', 'a component identifier is a string')
  }
  if (identifier.value === '@query-param') return queryParameterValue(message, component)
  if (params.size > 0)
    throw new HttpSignatureError('component_unsupported', 'component parameters are not supported')
  return namedValue(message, fields, identifier.value)
}

function namedValue(message: ControlData, fields: FieldIndex, name: string): string {
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
