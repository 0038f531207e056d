import { isJsonObject, type JsonValue } from '@behalf/core'
import { CredentialError } from './error.ts'

/**
 * Where a delegation says whether it is revoked.
 * @see Bitstring Status List v1.0 section 2.1
 */
export type StatusEntry = {
  readonly id: string
  readonly type: 'BitstringStatusListEntry'
  readonly statusPurpose: 'revocation'
  /** Canonical decimal. */
  readonly statusListIndex: string
  /** The URL of the list. */
  readonly statusListCredential: string
}

const MEMBERS: ReadonlySet<string> = new Set([
  'id',
  'type',
  'statusPurpose',
  'statusListIndex',
  'statusListCredential',
  'statusSize',
])
const INDEX = /^(?:0|[1-9][0-9]{0,14})$/
const LIST_URL = /^https?:\/\/[!-~]{1,2048}$/

/**
 * Returns the one status entry of a credential.
 * @param value the member `credentialStatus`
 * @throws CredentialError `status_index_invalid` for an index that is not a canonical decimal text
 * @throws CredentialError `status_invalid` for anything else that the profile does not have: no entry, several, another
 * purpose, more than one bit for each entry
 * @see Bitstring Status List v1.0 section 2.1
 */
export function parseStatusEntry(value: JsonValue | undefined): StatusEntry {
  if (!isJsonObject(value)) throw invalid('The credential does not have exactly one status entry')
  const { id, type, statusPurpose, statusListIndex, statusListCredential, statusSize } = value
  if (type !== 'BitstringStatusListEntry') throw invalid('The status entry is of another type')
  if (statusPurpose !== 'revocation') throw invalid('The status entry has another purpose than revocation')
  if (statusSize !== undefined && statusSize !== 1)
    throw invalid('The status entry has more than one bit of status')
  if (!Object.keys(value).every((name) => MEMBERS.has(name))) {
    throw invalid('The status entry has a member that is not defined')
  }
  if (typeof id !== 'string' || id === '') throw invalid('The status entry has no id')
  if (typeof statusListCredential !== 'string' || !LIST_URL.test(statusListCredential)) {
    throw invalid('The status entry does not name a list by its URL')
  }
  if (typeof statusListIndex !== 'string' || !INDEX.test(statusListIndex)) {
    throw invalid('The status index is not a canonical decimal text', 'status_index_invalid')
  }
  return { id, type, statusPurpose, statusListIndex, statusListCredential }
}

function invalid(
  message: string,
  code: 'status_invalid' | 'status_index_invalid' = 'status_invalid',
): CredentialError {
  return new CredentialError(code, message, { field: 'credentialStatus' })
}
