import { createUuid, type JsonObject } from '@behalf/core'
import type { AuthorityDatabase } from '../database-schema.ts'
import { AuthorityError } from '../error.ts'
import { formatTime } from '../format-time.ts'
import { optional } from '../json-column.ts'
import { requireStepUp } from '../people/assertion-ceremony.ts'
import { nothingSchema } from '../people/people-bodies.ts'
import type { PeopleContext } from '../people/people-context.ts'
import { definePeopleRoute, type PeopleRoute, requireSession } from '../people/people-route.ts'
import { changePeople } from '../people/people-transaction.ts'
import { readId } from '../read-input.ts'
import { json, jsonAnswer } from '../route.ts'
import { checkTargetUrl } from './check-target-url.ts'
import { NOTICE_TYPES } from './notice.ts'
import { NOTICE_ANSWERS } from './notice-answers.ts'
import { type WebhookBody, webhookSchema } from './notice-bodies.ts'
import { createRateLimit } from './rate-limit.ts'
import { addTarget, removeTarget } from './record-target.ts'
import { findTarget, listTargets, type NoticeTarget } from './target-rows.ts'
import { formatWebhookKey } from './webhook-signature.ts'

const MAX_WEBHOOKS = 5
const TESTS_PER_MINUTE = 10

/** The routes about where a person is told things while the page is closed. */
export function createWebhookRoutes(context: PeopleContext): readonly PeopleRoute[] {
  return [
    createListRoute(context),
    createAddRoute(context),
    createTestRoute(context),
    createRemoveRoute(context),
  ]
}

function createListRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'GET /api/webhooks',
    summary: 'The webhooks of this person, and how they do',
    answers: { 200: jsonAnswer('In the order in which they were added', NOTICE_ANSWERS.webhooks) },
    run: async (call) => {
      const { person } = requireSession(call)
      const webhooks: JsonObject[] = []
      for (const target of await listTargets(context.database, { person: person.id, kind: 'webhook' })) {
        webhooks.push(await viewWebhook(context, target))
      }
      return json(200, { webhooks })
    },
  })
}

function createAddRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'POST /api/webhooks',
    summary: 'Tell this URL too, by messages signed as Standard Webhooks says (v1a)',
    body: webhookSchema,
    answers: { 201: jsonAnswer('The webhook', NOTICE_ANSWERS.webhook) },
    run: async (call) => {
      const session = requireSession(call)
      const { url, events, step_up } = call.body
      await requireStepUp(context, session, step_up)
      const { post } = context.notices
      const { takesHttp } = post.rule
      const address = (await checkTargetUrl(post, { text: url, field: 'url', takesHttp })).href
      const target = await addWebhook(context, { person: session.person.id, address, events })
      return json(201, await viewWebhook(context, target))
    },
  })
}

function createTestRoute(context: PeopleContext): PeopleRoute {
  const limit = createRateLimit({ clock: context.clock, perMinute: TESTS_PER_MINUTE })
  return definePeopleRoute({
    name: 'POST /api/webhooks/{id}/test',
    summary: 'Send one message of the type `test` now; one that arrives switches the webhook on again',
    body: nothingSchema,
    answers: { 200: jsonAnswer('How it does now', NOTICE_ANSWERS.webhook) },
    run: async (call) => {
      const { person } = requireSession(call)
      const target = await requireOwn(context.database, { id: readId(call.param), person: person.id })
      limit(person.id)
      await context.notices.courier.test(target)
      return json(200, await viewWebhook(context, await requireOwn(context.database, target)))
    },
  })
}

function createRemoveRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'DELETE /api/webhooks/{id}',
    summary: 'Tell this URL nothing more; what waits for it is dropped',
    body: nothingSchema,
    answers: { 204: { description: 'It is gone' } },
    run: async (call) => {
      const { person } = requireSession(call)
      await changePeople(context, async (tx) => {
        const target = await requireOwn(tx.db, { id: readId(call.param), person: person.id })
        await removeTarget(tx, target, person.id)
      })
      return { status: 204 }
    },
  })
}

async function addWebhook(
  context: PeopleContext,
  added: Pick<WebhookBody, 'events'> & { readonly person: string; readonly address: string },
): Promise<NoticeTarget> {
  const { random, clock } = context
  const id = createUuid(random)
  const events = NOTICE_TYPES.filter((type) => added.events.includes(type))
  return changePeople(context, async (tx) => {
    const { db } = tx
    const existing = await listTargets(db, { person: added.person, kind: 'webhook' })
    if (existing.some(({ address }) => address === added.address)) {
      throw new AuthorityError('input_invalid', 'This webhook is there already', { field: 'url' })
    }
    if (existing.length >= MAX_WEBHOOKS) {
      throw new AuthorityError('forbidden', `At most ${MAX_WEBHOOKS} webhooks: remove one first`)
    }
    await addTarget(tx, { ...added, id, kind: 'webhook', events, createdAt: clock() })
    return requireOwn(db, { id, person: added.person })
  })
}

async function requireOwn(
  db: AuthorityDatabase,
  { id, person }: Pick<NoticeTarget, 'id' | 'person'>,
): Promise<NoticeTarget> {
  const target = await findTarget(db, id)
  if (target?.person === person && target.kind === 'webhook') return target
  throw new AuthorityError('not_found', 'This person has no such webhook')
}

async function viewWebhook({ database, notices }: PeopleContext, target: NoticeTarget): Promise<JsonObject> {
  const { waiting } = await database
    .selectFrom('notices')
    .select(({ fn }) => fn.countAll<number>().as('waiting'))
    .where('target', '=', target.id)
    .where('settled_at', 'is', null)
    .executeTakeFirstOrThrow()
  const time = (at: number | undefined): string | undefined => (at === undefined ? undefined : formatTime(at))
  return {
    id: target.id,
    url: target.address,
    events: [...target.events],
    public_key: formatWebhookKey(notices.keys.webhook(target.id)),
    created_at: formatTime(target.createdAt),
    waiting,
    ...optional('last_delivered_at', time(target.lastDeliveredAt)),
    ...optional('last_failed_at', time(target.lastFailedAt)),
    ...optional('last_failure', target.lastFailure),
    ...optional('disabled_at', time(target.disabledAt)),
  }
}
