import { isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'
import { nameOf, type PrincipalName } from './principal-salts.ts'

/** Words that stand for nobody in particular, where somebody else would be named. */
const WAYS: ReadonlySet<JsonValue> = new Set(['offline', 'oidc', 'claim', 'join'])

/** Everybody whom an event names, other than by a key. */
export function principalsIn(data: JsonObject, issuer: string): readonly PrincipalName[] {
  return [
    readPrincipal(data['principal']),
    readPerson(data['person'], issuer),
    readDecider(data['by'], issuer),
  ].flatMap((principal) => principal ?? [])
}

/**
 * Returns what a record says of an event: everything, but of people only their hashes.
 *
 * @param hashes - of everybody in `principalsIn`, by `nameOf`
 */
export function eventMembers(
  data: JsonObject,
  names: { readonly issuer: string; readonly hashes: ReadonlyMap<string, string> },
): JsonObject {
  const { issuer, hashes } = names
  const { principal, person, by, ...others } = data
  const spell = (named: PrincipalName | undefined): string | undefined => named && hashes.get(nameOf(named))
  return {
    ...others,
    ...member('principal', spell(readPrincipal(principal))),
    ...member('person', spell(readPerson(person, issuer))),
    ...member('by', spell(readDecider(by, issuer)) ?? by),
  }
}

function readPrincipal(value: JsonValue | undefined): PrincipalName | undefined {
  if (!isJsonObject(value)) return undefined
  const { issuer, id } = value
  return typeof issuer === 'string' && typeof id === 'string' ? { issuer, id } : undefined
}

function readPerson(value: JsonValue | undefined, issuer: string): PrincipalName | undefined {
  return typeof value === 'string' ? { issuer, id: value } : undefined
}

/** A key, an enrolment and a way are no people. */
function readDecider(value: JsonValue | undefined, issuer: string): PrincipalName | undefined {
  const isPerson = typeof value === 'string' && !/^(?:did|urn):/u.test(value) && !WAYS.has(value)
  return isPerson ? { issuer, id: value } : undefined
}

function member(name: string, value: JsonValue | undefined): JsonObject {
  return value === undefined ? {} : { [name]: value }
}
