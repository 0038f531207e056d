import { HttpSignatureError } from './error.ts'
import { parseDictionary } from './parse-structured-field.ts'
import { serializeDictionary } from './serialize-structured-field.ts'
import {
  isInnerList,
  type SfBareItem,
  type SfItem,
  type SfMember,
  type SfParameters,
  stringItem,
} from './structured-field.ts'

const REQUESTED: SfBareItem = { type: 'boolean', value: true }
const REQUESTED_PARAMETERS = ['created', 'expires', 'nonce', 'keyid'] as const

/** Options of {@link serializeAcceptSignature}. */
export interface SerializeAcceptSignatureOptions {
  readonly label: string
  /** Names in lower case, without parameters. */
  readonly components: readonly string[]
  readonly tag: string
}

/** One signature that a server asks for. */
export interface RequestedSignature {
  readonly label: string
  /** What it should cover. A client adds these to what it covers anyway, and never covers less. */
  readonly components: readonly string[]
  readonly params: SfParameters
}

/**
 * The value of `Accept-Signature` that asks for one signature of this profile, with all parameters it requires.
 *
 * @throws TypeError when a text cannot stand in a structured field
 * @see RFC 9421 section 5.1
 */
export function serializeAcceptSignature(options: SerializeAcceptSignatureOptions): string {
  const params = new Map<string, SfBareItem>(REQUESTED_PARAMETERS.map((name) => [name, REQUESTED]))
  params.set('tag', { type: 'string', value: options.tag })
  return serializeDictionary(
    new Map([[options.label, { items: options.components.map(stringItem), params }]]),
  )
}

/**
 * Reads what a server asks for. Requests that this profile cannot meet, because they want component parameters, are
 * left out, so that one of them does not hide the others.
 *
 * @throws HttpSignatureError `signature_malformed` when it does not parse, `signature_ambiguous` when a label or a
 * parameter occurs twice
 * @see RFC 9421 section 5.1
 */
export function parseAcceptSignature(value: string): RequestedSignature[] {
  const { members, repeatedKeys } = parseDictionary(value)
  if (repeatedKeys.length > 0) {
    throw new HttpSignatureError('signature_ambiguous', 'Accept-Signature has a label or a parameter twice')
  }
  return [...members].flatMap(([label, member]) => readRequest(label, member))
}

function readRequest(label: string, member: SfMember): RequestedSignature[] {
  if (!isInnerList(member)) {
    throw new HttpSignatureError('signature_malformed', 'a member of Accept-Signature is not an inner list')
  }
  const components = member.items.map(readName)
  if (member.items.some(({ params }) => params.size > 0)) return []
  return [{ label, components, params: member.params }]
}

function readName({ value }: SfItem): string {
  if (value.type === 'string') return value.value
  throw new HttpSignatureError('signature_malformed', 'Accept-Signature holds something else than names')
}
