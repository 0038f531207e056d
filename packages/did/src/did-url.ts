import { DidError } from './error.ts'

/** A decentralised identifier without path, query or fragment, such as `did:key:z6Mk…`. */
export type Did = string

/** The parts of a DID URL as this project uses them: without path and query. */
export interface DidUrl {
  readonly did: Did
  /** What follows `#`; `undefined` without one. */
  readonly fragment: string | undefined
}

// DID Core section 3.1, with a percent sign only as part of an escape, and fragments of unreserved characters.
const DID_URL =
  /^(?<did>did:[a-z0-9]+:(?:(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})*:)*(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+)(?:#(?<fragment>[A-Za-z0-9._~-]+))?$/
const MAX_LENGTH = 1024

/**
 * Returns the parts of `text` as they are spelled; nothing is decoded, lower-cased or trimmed.
 * @param text a DID, or a DID and a fragment, of at most 1,024 characters
 * @throws DidError `key_invalid` for anything else, paths and queries included
 * @see DID Core 1.0 sections 3.1 and 3.2
 */
export function parseDidUrl(text: string): DidUrl {
  const groups = text.length > MAX_LENGTH ? undefined : DID_URL.exec(text)?.groups
  if (groups?.did === undefined) {
    throw new DidError('key_invalid', 'The identifier is not a DID with an optional fragment')
  }
  return { did: groups.did, fragment: groups.fragment }
}
