import {
  type ContentHashAlgorithm,
  equalBytes,
  hashContent,
  isContentHashAlgorithm,
  sha256Base64,
} from '@behalf/core'
import { HttpSignatureError } from './error.ts'
import { type Fields, readSingleField } from './http-message.ts'
import { parseDictionary } from './parse-structured-field.ts'
import { isInnerList, type SfMember } from './structured-field.ts'

/** What protects a body against an attacker. @see RFC 9530 section 5 */
const STRONG_ALGORITHMS: ReadonlySet<string> = new Set(['sha-256', 'sha-512'])
const SHA_256_PREFIX = 'sha-256=:'
const SHA_256_LENGTH = SHA_256_PREFIX.length + 45

/**
 * The value of `Content-Digest` for a body, by SHA-256.
 *
 * @param body the bytes as sent, after any content coding
 * @see RFC 9530 section 2
 */
export function createContentDigest(body: Uint8Array): string {
  return `${SHA_256_PREFIX}${sha256Base64(body)}:`
}

/**
 * When this returns, the body is the one that `Content-Digest` names, or it is empty and nothing names it. Every
 * registered algorithm that the field uses must match, the weak ones too, and at least one must be strong.
 *
 * @param body the bytes as received, empty when there is none
 * @throws HttpSignatureError `digest_missing` for a body without the field, `header_ambiguous` when the field occurs on
 * several lines or names an algorithm twice, `digest_unsupported` when it does not parse or has no SHA-256 or SHA-512,
 * `digest_mismatch`
 * @see RFC 9530 sections 2 and 5
 */
export function verifyContentDigest(fields: Fields, body: Uint8Array): void {
  const line = readSingleField(fields, 'content-digest')
  if (line === undefined) {
    if (body.length === 0) return
    throw new HttpSignatureError('digest_missing', 'the body comes without Content-Digest')
  }
  // Most fields are in the one spelling of one SHA-256; whatever else they may be is read member by member.
  if (line.length === SHA_256_LENGTH && line === createContentDigest(body)) return
  const { members, repeatedKeys } = parseDictionary(line, { code: 'digest_unsupported' })
  if (repeatedKeys.length > 0)
    throw new HttpSignatureError('header_ambiguous', 'Content-Digest has a key twice')
  const known = [...members].filter(isKnownDigest)
  if (!known.some(([algorithm]) => STRONG_ALGORITHMS.has(algorithm))) {
    throw new HttpSignatureError('digest_unsupported', 'Content-Digest has neither SHA-256 nor SHA-512')
  }
  for (const [algorithm, member] of known) checkDigest(readDigest(member), hashContent(algorithm, body))
}

function isKnownDigest(entry: [string, SfMember]): entry is [ContentHashAlgorithm, SfMember] {
  return isContentHashAlgorithm(entry[0])
}

function readDigest(member: SfMember): Uint8Array {
  if (!isInnerList(member) && member.value.type === 'byte-sequence') return member.value.value
  throw new HttpSignatureError('digest_unsupported', 'a digest is not a byte sequence')
}

function checkDigest(sent: Uint8Array, computed: Uint8Array): void {
  if (!equalBytes(sent, computed))
    throw new HttpSignatureError('digest_mismatch', 'the body is not the one digested')
}
