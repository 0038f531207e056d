import { BehalfError, createUuid, decodeBase64url, isP256PublicKey, type JsonObject } from '@behalf/core'
import { AuthorityError } from '../error.ts'
import { formatTime } from '../format-time.ts'
import { optional } from '../json-column.ts'
import { nothingSchema } from '../people/people-bodies.ts'
import type { PeopleContext } from '../people/people-context.ts'
import { definePeopleRoute, type PeopleRoute, requireSession } from '../people/people-route.ts'
import { changePeople } from '../people/people-transaction.ts'
import { readId } from '../read-input.ts'
import { json, jsonAnswer } from '../route.ts'
import { checkTargetUrl } from './check-target-url.ts'
import { NOTICE_TYPES } from './notice.ts'
import { NOTICE_ANSWERS } from './notice-answers.ts'
import { type PushBody, pushSchema } from './notice-bodies.ts'
import { addTarget, removeTarget } from './record-target.ts'
import { findPushTargets, findTarget, listTargets, type NoticeTarget } from './target-rows.ts'

const MAX_SUBSCRIPTIONS = 10
const AUTH_BYTES = 16

/** The routes about the browsers that show a person what waits for them. */
export function createPushRoutes(context: PeopleContext): readonly PeopleRoute[] {
  return [createListRoute(context), createSubscribeRoute(context), createUnsubscribeRoute(context)]
}

function createListRoute({ database, notices }: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'GET /api/push',
    summary: 'The browsers of this person that show notices, and the key that they subscribe with',
    answers: { 200: jsonAnswer('In the order in which they subscribed', NOTICE_ANSWERS.subscriptions) },
    run: async (call) => {
      const { person } = requireSession(call)
      const targets = await listTargets(database, { person: person.id, kind: 'push' })
      const public_key = await notices.keys.pushKey()
      return json(200, { public_key, subscriptions: targets.map(viewSubscription) })
    },
  })
}

function createSubscribeRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'POST /api/push',
    summary: 'Show notices in this browser; it stops showing those of anybody else',
    body: pushSchema,
    answers: { 201: jsonAnswer('The subscription', NOTICE_ANSWERS.subscription) },
    run: async (call) => {
      const { person } = requireSession(call)
      await checkKeys(call.body.keys)
      const { href } = await checkTargetUrl(context.notices.post, {
        text: call.body.endpoint,
        field: 'endpoint',
        takesHttp: false,
      })
      return json(
        201,
        viewSubscription(await subscribe(context, person.id, { ...call.body, endpoint: href })),
      )
    },
  })
}

function createUnsubscribeRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'DELETE /api/push/{id}',
    summary: 'Show no more notices in that browser',
    body: nothingSchema,
    answers: { 204: { description: 'It is gone' } },
    run: async (call) => {
      const { person } = requireSession(call)
      await changePeople(context, async (tx) => {
        const target = await findTarget(tx.db, readId(call.param))
        if (target?.person !== person.id || target.kind !== 'push') {
          throw new AuthorityError('not_found', 'This person has no such subscription')
        }
        await removeTarget(tx, target, person.id)
      })
      return { status: 204 }
    },
  })
}

/** A browser has one endpoint: whoever subscribes with it last is told there. */
async function subscribe(
  context: PeopleContext,
  person: string,
  { endpoint, keys, events }: PushBody,
): Promise<NoticeTarget> {
  const { random, clock } = context
  const id = createUuid(random)
  const wanted = NOTICE_TYPES.filter((type) => events.includes(type))
  return changePeople(context, async (tx) => {
    const { db } = tx
    for (const before of await findPushTargets(db, endpoint)) await removeTarget(tx, before, person)
    if ((await listTargets(db, { person, kind: 'push' })).length >= MAX_SUBSCRIPTIONS) {
      throw new AuthorityError('forbidden', `At most ${MAX_SUBSCRIPTIONS} browsers: take one back first`)
    }
    const target = { id, person, kind: 'push', address: endpoint, keys, events: wanted } as const
    await addTarget(tx, { ...target, createdAt: clock() })
    return { ...target, createdAt: clock(), failures: 0 }
  })
}

async function checkKeys({ p256dh, auth }: PushBody['keys']): Promise<void> {
  if (!(await isP256PublicKey(decodeKey(p256dh, 'keys.p256dh')))) throw refuseKey('keys.p256dh')
  if (decodeKey(auth, 'keys.auth').length !== AUTH_BYTES) throw refuseKey('keys.auth')
}

function decodeKey(text: string, field: string): Uint8Array {
  try {
    return decodeBase64url(text)
  } catch (error) {
    if (error instanceof BehalfError) throw refuseKey(field)
    throw error
  }
}

function refuseKey(field: string): AuthorityError {
  return new AuthorityError('input_invalid', `${field} is not what a browser subscribes with`, { field })
}

function viewSubscription(target: NoticeTarget): JsonObject {
  const { lastDeliveredAt: delivered, lastFailedAt: failed } = target
  return {
    id: target.id,
    endpoint: target.address,
    events: [...target.events],
    created_at: formatTime(target.createdAt),
    ...optional('last_delivered_at', delivered === undefined ? undefined : formatTime(delivered)),
    ...optional('last_failed_at', failed === undefined ? undefined : formatTime(failed)),
    ...optional('last_failure', target.lastFailure),
  }
}
