import { encodeEd25519Jwk, parseEd25519Jwk } from '@behalf/core'
import { HttpSignatureError } from './error.ts'
import { type Fields, readSingleField } from './http-message.ts'
import { parseDictionary } from './parse-structured-field.ts'
import { serializeDictionary } from './serialize-structured-field.ts'
import { isInnerList, type SfBareItem, type SfMember, type SfParameters } from './structured-field.ts'

/** How a request names its key: inside a credential, inline, or by the identifier of a chain shown before. */
export type SignatureKey =
  | { readonly scheme: 'jwt'; readonly jwt: string; readonly cache: boolean }
  | { readonly scheme: 'hwk'; readonly publicKey: Uint8Array }
  | { readonly scheme: 'cached'; readonly cid: string }

const HWK_MEMBERS: ReadonlySet<string> = new Set(['kty', 'crv', 'alg', 'x'])

/**
 * Reads the `Signature-Key` of one signature.
 *
 * @param label of the signature that covers the field
 * @returns the key material; nothing in it is verified, except that an inline key is a sound Ed25519 key
 * @throws HttpSignatureError `credential_missing` when the field is absent, and with `signatureError`
 * `unsupported_scheme` when its scheme is none of ours; `header_ambiguous` for several lines, members or equal keys;
 * `signature_malformed` when its label is another one; `credential_malformed` when it does not parse or lacks what its
 * scheme needs; `key_invalid` when an inline key is not exactly a sound Ed25519 JWK
 * @see draft-hardt-httpbis-signature-key
 */
export function parseSignatureKey(fields: Fields, label: string): SignatureKey {
  const { value: scheme, params } = readMember(fields, label)
  switch (scheme) {
    case 'jwt':
      return { scheme, jwt: readText(params, 'jwt'), cache: readFlag(params, 'cache') }
    case 'hwk':
      return { scheme, publicKey: readInlineKey(params) }
    case 'cached':
      return { scheme, cid: readText(params, 'cid') }
    default:
      throw new HttpSignatureError('credential_missing', 'the scheme of Signature-Key is not supported', {
        signatureError: 'unsupported_scheme',
      })
  }
}

/**
 * The value of `Signature-Key` for one signature.
 *
 * @param label of the signature that will cover the field
 * @throws TypeError when the label or a text cannot stand in a structured field
 * @throws CoreError `key_invalid` when an inline key is not a sound Ed25519 key
 * @see draft-hardt-httpbis-signature-key
 */
export function serializeSignatureKey(label: string, key: SignatureKey): string {
  const member: SfMember = {
    value: { type: 'token', value: key.scheme },
    params: new Map(schemeParameters(key)),
  }
  return serializeDictionary(new Map([[label, member]]))
}

function schemeParameters(key: SignatureKey): [string, SfBareItem][] {
  switch (key.scheme) {
    case 'jwt':
      return key.cache
        ? [text('jwt', key.jwt), ['cache', { type: 'boolean', value: true }]]
        : [text('jwt', key.jwt)]
    case 'hwk':
      return Object.entries(encodeEd25519Jwk(key.publicKey)).map(([name, value]) => text(name, value))
    case 'cached':
      return [text('cid', key.cid)]
  }
}

function text(name: string, value: string): [string, SfBareItem] {
  return [name, { type: 'string', value }]
}

function readMember(fields: Fields, label: string): { value: string; params: SfParameters } {
  const line = readSingleField(fields, 'signature-key')
  if (line === undefined) throw new HttpSignatureError('credential_missing', 'Signature-Key is absent')
  const { members, repeatedKeys } = parseDictionary(line, { code: 'credential_malformed' })
  if (repeatedKeys.length > 0) throw ambiguous('has a key twice')
  const [entry, another] = members
  if (another !== undefined) throw ambiguous('has several members')
  if (entry === undefined) throw malformed('has no member')
  const [name, member] = entry
  if (name !== label)
    throw new HttpSignatureError('signature_malformed', 'Signature-Key is for another signature')
  if (isInnerList(member) || member.value.type !== 'token') throw malformed('names no scheme')
  return { value: member.value.value, params: member.params }
}

function readText(params: SfParameters, name: string): string {
  const item = params.get(name)
  if (item?.type !== 'string' || item.value === '') throw malformed(`has no ${name}`)
  return item.value
}

function readFlag(params: SfParameters, name: string): boolean {
  const item = params.get(name)
  if (item === undefined) return false
  if (item.type !== 'boolean') throw malformed(`has a ${name} that is no flag`)
  return item.value
}

function readInlineKey(params: SfParameters): Uint8Array {
  const jwk: Record<string, string> = {}
  for (const [name, item] of params) {
    if (item.type !== 'string' || !HWK_MEMBERS.has(name)) throw invalidKey('has a member outside its form')
    jwk[name] = item.value
  }
  if (jwk.alg === undefined) throw invalidKey('names no algorithm')
  try {
    return parseEd25519Jwk(jwk)
  } catch (cause) {
    throw invalidKey('is not a sound Ed25519 key', cause)
  }
}

function ambiguous(what: string): HttpSignatureError {
  return new HttpSignatureError('header_ambiguous', `Signature-Key ${what}`)
}

function malformed(what: string): HttpSignatureError {
  return new HttpSignatureError('credential_malformed', `Signature-Key ${what}`)
}

function invalidKey(what: string, cause?: unknown): HttpSignatureError {
  return new HttpSignatureError('key_invalid', `the inline key ${what}`, cause === undefined ? {} : { cause })
}
