import {
  encodeBase64url,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type RandomBytes,
} from '@behalf/core'
import { optional, readText } from '../json-column.ts'
import { type Person, ROLES, type Role } from './person.ts'

/** Somebody who becomes a person once their passkey is made. */
export type JoiningPerson = Pick<Person, 'id' | 'name' | 'roles' | 'tenant' | 'userHandle'>

const HANDLE_BYTES = 32

/** A handle by which authenticators will know this account, and nobody else will know anything. */
export function createUserHandle(random: RandomBytes): string {
  return encodeBase64url(random(HANDLE_BYTES))
}

/** Writes it down for the time of the ceremony. */
export function joiningToJson({ id, name, roles, tenant, userHandle }: JoiningPerson): JsonObject {
  return { id, name, roles: [...roles], ...optional('tenant', tenant), userHandle }
}

/** Reads what `joiningToJson` wrote. */
export function joiningFromJson(data: JsonValue | undefined): JoiningPerson {
  if (!isJsonObject(data)) throw new Error('A column misses a person')
  const { id, name, roles, tenant, userHandle } = data
  return {
    id: readText(id),
    name: readText(name),
    roles: rolesFromJson(roles),
    ...(tenant !== undefined && { tenant: readText(tenant) }),
    userHandle: readText(userHandle),
  }
}

/** Reads roles that were checked before they were written. */
export function rolesFromJson(roles: JsonValue | undefined): readonly Role[] {
  if (!Array.isArray(roles)) throw new Error('A column misses roles')
  return ROLES.filter((role) => roles.includes(role))
}
