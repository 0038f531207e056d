import { parseDictionary } from './parse-structured-field.ts'
import { serializeDictionary } from './serialize-structured-field.ts'
import { isInnerList, type SfParameters } from './structured-field.ts'

/** What a verifier says of a credential that it keeps: how to name it from now on, and until when. */
export interface SignatureKeyCache {
  /** The identifier for `Signature-Key: sig=cached;cid="…"`. */
  readonly cid: string
  /** Id of the credential that is kept. */
  readonly jti: string
  /** Unix seconds; not later than the end of the credential. */
  readonly expires: number
}

/**
 * The value of `Signature-Key-Cache` for one signature.
 *
 * @param label of the signature whose key was presented
 * @throws TypeError when the label, a text or the time cannot stand in a structured field
 * @see draft-hardt-httpbis-signature-key
 */
export function serializeSignatureKeyCache(label: string, { cid, jti, expires }: SignatureKeyCache): string {
  const params: SfParameters = new Map([
    ['jti', { type: 'string', value: jti }],
    ['expires', { type: 'integer', value: expires }],
  ])
  return serializeDictionary(new Map([[label, { value: { type: 'string', value: cid }, params }]]))
}

/**
 * Reads the `Signature-Key-Cache` of one signature; other members and unknown parameters are ignored.
 *
 * @param value of the field
 * @param label of the signature whose key was presented
 * @returns undefined when there is nothing for that label, or a part of it is missing, twice or of another type
 * @throws HttpSignatureError `signature_malformed` when the value is no dictionary
 * @see draft-hardt-httpbis-signature-key
 */
export function parseSignatureKeyCache(value: string, label: string): SignatureKeyCache | undefined {
  const { members, repeatedKeys } = parseDictionary(value)
  const member = members.get(label)
  if (repeatedKeys.length > 0 || member === undefined || isInnerList(member)) return undefined
  const jti = member.params.get('jti')
  const expires = member.params.get('expires')
  if (member.value.type !== 'string' || jti?.type !== 'string' || expires?.type !== 'integer')
    return undefined
  return { cid: member.value.value, jti: jti.value, expires: expires.value }
}
