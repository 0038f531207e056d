import type { JsonObject } from '@behalf/core'
import { formatTime } from '../format-time.ts'
import type { Passkey } from './passkey-rows.ts'
import type { PeopleContext } from './people-context.ts'
import type { Person } from './person.ts'
import { createPersonRows } from './person-rows.ts'
import type { LiveSession } from './session.ts'

/** Whether this session may approve without a passkey: it began with company login, and the authority was set so. */
export function mayApproveByLogin(
  { loginApproves }: Pick<PeopleContext, 'loginApproves'>,
  session: LiveSession | undefined,
): boolean {
  return loginApproves && session?.method === 'oidc'
}

/** What the page knows of itself: who is signed in, and what there is to sign in with. */
export async function sessionToWire(
  context: PeopleContext,
  session: LiveSession | undefined,
): Promise<JsonObject> {
  const { database, issuer, origin, rpId, oidc } = context
  return {
    person: session ? personToWire(session.person) : null,
    csrf: session?.csrf ?? null,
    login_method: session?.method ?? null,
    login_approves: mayApproveByLogin(context, session),
    claimed: !(await createPersonRows(database).isEmpty()),
    login: oidc ? ['passkey', 'oidc'] : ['passkey'],
    rp_id: rpId,
    authority: { origin, issuer: issuer.did },
  }
}

/** A person as others see one. */
export function personToWire({ id, name, roles, tenant }: Person): JsonObject {
  return { id, name, roles: [...roles], ...(tenant !== undefined && { tenant }) }
}

/** A passkey as its owner sees it. */
export function passkeyToWire(passkey: Passkey): JsonObject {
  const { id, name, createdAt, lastUsedAt, software, synced } = passkey
  return {
    id,
    name,
    created_at: formatTime(createdAt),
    ...(lastUsedAt !== undefined && { last_used_at: formatTime(lastUsedAt) }),
    software,
    synced,
  }
}
