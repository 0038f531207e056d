import type { JsonObject } from '@behalf/core'
import { AuthorityError } from '../error.ts'
import { formatTime } from '../format-time.ts'
import { optional, readJsonColumn } from '../json-column.ts'
import { json, jsonAnswer } from '../route.ts'
import { dropCodes, insertCode } from './code-rows.ts'
import { PEOPLE_ANSWERS } from './people-answers.ts'
import { type InvitationBody, invitationSchema, nothingSchema } from './people-bodies.ts'
import type { PeopleContext } from './people-context.ts'
import { definePeopleRoute, type PeopleRoute, requireSession } from './people-route.ts'
import { changePeople, type PeopleTransaction } from './people-transaction.ts'
import { checkPersonId, checkPersonName, checkRoles, checkTenant } from './person.ts'
import { createToken } from './secret-code.ts'

const LIFETIME_MS = 72 * 3_600_000

/** The routes by which operators invite people. */
export function createInvitationRoutes(context: PeopleContext): readonly PeopleRoute[] {
  return [createListRoute(context), createInviteRoute(context), createWithdrawRoute(context)]
}

function createListRoute({ database, clock }: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'GET /api/invitations',
    summary: 'The invitations that nobody followed yet',
    answers: { 200: jsonAnswer('Newest first, without their codes', PEOPLE_ANSWERS.invitations) },
    run: async () => {
      const rows = await database
        .selectFrom('codes')
        .selectAll()
        .where('purpose', '=', 'invitation')
        .where('used_at', 'is', null)
        .where('expires_at', '>', clock())
        .orderBy('created_at', 'desc')
        .orderBy('person')
        .execute()
      const invitations = rows.map(({ person, data_json, expires_at }) =>
        invitationToWire({ id: person ?? '', data: readJsonColumn(data_json), expiresAt: expires_at ?? 0 }),
      )
      return json(200, { invitations })
    },
  })
}

function createInviteRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'POST /api/invitations',
    summary: 'Invite somebody; an invitation for the same id before this one is void',
    body: invitationSchema,
    answers: { 201: jsonAnswer('The link to give to them', PEOPLE_ANSWERS.invitation) },
    run: async (call) => {
      const by = requireSession(call).person.id
      const { id, data } = checkInvitation(call.body)
      const code = createToken(context.random)
      const createdAt = context.clock()
      const expiresAt = createdAt + LIFETIME_MS
      await changePeople(context, async (tx) => {
        await refuseTaken(tx, id)
        await dropCodes(tx.db, { purpose: 'invitation', person: id })
        const facts = {
          code,
          purpose: 'invitation',
          person: id,
          data,
          createdAt,
          createdBy: by,
          expiresAt,
        } as const
        await insertCode(tx.db, facts)
        const { roles, tenant } = data
        await tx.record('person_invited', { person: id, roles, tenant, by })
      })
      const url = `${context.origin}/join#${code}`
      return json(201, { ...invitationToWire({ id, data, expiresAt }), url })
    },
  })
}

function createWithdrawRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'DELETE /api/invitations/{id}',
    summary: 'Withdraw the invitation for an id',
    body: nothingSchema,
    answers: { 204: { description: 'Nobody can follow it any more' } },
    run: async (call) => {
      const by = requireSession(call).person.id
      await changePeople(context, async (tx) => {
        const dropped = await dropCodes(tx.db, { purpose: 'invitation', person: call.param })
        if (dropped === 0) throw new AuthorityError('not_found', 'There is no such invitation')
        await tx.record('invitation_withdrawn', { person: call.param, by })
      })
      return { status: 204 }
    },
  })
}

function checkInvitation(body: InvitationBody): { readonly id: string; readonly data: JsonObject } {
  const { name, tenant } = body
  return {
    id: checkPersonId(body.id, 'id'),
    data: {
      roles: [...checkRoles(body.roles)],
      ...(name !== undefined && { name: checkPersonName(name, 'name') }),
      ...(tenant !== undefined && { tenant: checkTenant(tenant) }),
    },
  }
}

async function refuseTaken(tx: PeopleTransaction, id: string): Promise<void> {
  if (!(await tx.persons.isTaken(id))) return
  throw new AuthorityError('input_invalid', 'Somebody has this id already', { field: 'id' })
}

function invitationToWire(invitation: {
  readonly id: string
  readonly data: JsonObject
  readonly expiresAt: number
}): JsonObject {
  const { name, roles, tenant } = invitation.data
  return {
    id: invitation.id,
    ...optional('roles', roles),
    ...optional('name', name),
    ...optional('tenant', tenant),
    expires_at: formatTime(invitation.expiresAt),
  }
}
