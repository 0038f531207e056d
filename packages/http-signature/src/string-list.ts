import { HttpSignatureError } from './error.ts'
import { type Fields, readSingleField } from './http-message.ts'
import { parseList } from './parse-structured-field.ts'
import { isInnerList } from './structured-field.ts'

/**
 * Reads a field that is a list of strings, such as `Delegation-Chain`.
 *
 * @param name of the field, in lower case
 * @returns its strings in order; none when the field is absent
 * @throws HttpSignatureError `header_ambiguous` when the field occurs on several lines, `credential_malformed` when it
 * is anything but strings without parameters
 * @see RFC 9651 section 3.1
 */
export function parseStringList(fields: Fields, name: string): string[] {
  const text = readSingleField(fields, name)
  if (text === undefined) return []
  return parseList(text, { code: 'credential_malformed' }).members.map((member) => {
    if (isInnerList(member) || member.value.type !== 'string' || member.params.size > 0) {
      throw new HttpSignatureError('credential_malformed', `${name} is not a list of plain strings`)
    }
    return member.value.value
  })
}
