import type { JsonObject } from '@behalf/core'
import { fingerprintAgent } from '@behalf/credential'
import type { ListedDelegation } from '@behalf/issuer'
import { defined } from '../defined.ts'
import { principalOfDelegation } from '../delegation-rows.ts'
import { AuthorityError } from '../error.ts'
import { formatTime } from '../format-time.ts'
import { readId } from '../read-input.ts'
import { principalOfRequest } from '../request-rows.ts'
import { json, jsonAnswer } from '../route.ts'
import { delegationToWire, suspensionToWire } from '../to-wire.ts'
import { findAgentWorkloads } from '../workload/agent-workload.ts'
import { requireStepUp } from './assertion-ceremony.ts'
import { PEOPLE_ANSWERS } from './people-answers.ts'
import {
  delegationFilterSchema,
  resumeSchema,
  type StopBody,
  stopSchema,
  suspendSchema,
} from './people-bodies.ts'
import type { PeopleContext } from './people-context.ts'
import { definePeopleRoute, type PeopleRoute, requireSession } from './people-route.ts'
import { hasRole, type Person, seesEverything, toApprover, toDecider } from './person.ts'
import { viewUses } from './view-uses.ts'

/** The routes by which people see what acts on their behalf, stop it, and let it rest and go on. */
export function createActiveRoutes(context: PeopleContext): readonly PeopleRoute[] {
  return [
    createListRoute(context),
    createStopRoute(context),
    createSuspendRoute(context),
    createResumeRoute(context),
  ]
}

function createListRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'GET /api/delegations',
    summary: 'What acts on behalf of this person, or did; all of it for operators and auditors',
    query: delegationFilterSchema,
    answers: { 200: jsonAnswer('At most 500, newest first', PEOPLE_ANSWERS.delegations) },
    run: async (call) => {
      const { person } = requireSession(call)
      const { state } = call.query
      const now = context.clock()
      const listed = await context.issuer.listDelegations({
        ...(!seesEverything(person) && { principal: person.id }),
        ...(state === 'active' && { endsAfter: now }),
      })
      const views = await viewDelegations(context, listed)
      // What rests may go on, so it has not ended.
      const isWanted = ({ status }: JsonObject): boolean =>
        state === undefined || (status === 'active' || status === 'suspended') === (state === 'active')
      return json(200, { delegations: views.filter(isWanted) })
    },
  })
}

async function viewDelegations(
  context: PeopleContext,
  delegations: readonly ListedDelegation[],
): Promise<readonly JsonObject[]> {
  const names = await findNames(
    context,
    delegations.map(({ subject }) => subject),
  )
  const children = await countChildren(
    context,
    delegations.map(({ id }) => id),
  )
  const uses = await viewUses(context, delegations)
  const workloadOf = await findAgentWorkloads(
    context.issuer,
    delegations.map(({ subject }) => subject),
  )
  const options = { origin: context.origin, now: context.clock() }
  return delegations.map((delegation) => ({
    ...delegationToWire(delegation, options),
    ...defined({ agent_name: names.get(delegation.subject) }),
    agent_fingerprint: fingerprintAgent(delegation.subject),
    children: children.get(delegation.id) ?? 0,
    ...workloadOf(delegation.subject),
    ...uses.get(delegation.id),
  }))
}

/** What each agent last called itself. */
async function findNames(
  { database }: PeopleContext,
  agents: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (agents.length === 0) return new Map()
  const rows = await database
    .selectFrom('requests')
    .select(['agent', 'agent_name'])
    .where('agent', 'in', [...new Set(agents)])
    .where('agent_name', 'is not', null)
    .orderBy('number')
    .execute()
  return new Map(rows.map(({ agent, agent_name }) => [agent, agent_name ?? '']))
}

async function countChildren(
  { database }: PeopleContext,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (ids.length === 0) return new Map()
  const rows = await database
    .selectFrom('delegations')
    .select(({ fn }) => ['parent_id', fn.countAll<number>().as('count')])
    .where('parent_id', 'in', [...ids])
    .groupBy('parent_id')
    .execute()
  return new Map(rows.map(({ parent_id, count }) => [parent_id ?? '', count]))
}

function createStopRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'POST /api/revocations',
    summary: 'Stop a delegation with everything below it, an agent, or everything of this person',
    body: stopSchema,
    answers: { 200: jsonAnswer('It is stored and published', PEOPLE_ANSWERS.stopped) },
    run: async (call) => json(200, await stop(context, requireSession(call).person, call.body)),
  })
}

async function stop(context: PeopleContext, person: Person, body: StopBody): Promise<JsonObject> {
  const { issuer } = context
  const reason = defined({ reason: body.reason })
  if ('delegation' in body) {
    const id = readId(body.delegation)
    return stoppedToWire(await issuer.revokeDelegation({ id, caller: toDecider(person), ...reason }))
  }
  if ('agent' in body && hasRole(person, 'operator')) {
    return stoppedToWire(await issuer.revokeKey({ agent: body.agent, ...toDecider(person), ...reason }))
  }
  if ('agent' in body) await requireKnownAgent(context, person, body.agent)
  const agent = 'agent' in body ? { agent: body.agent } : {}
  return stoppedToWire(await issuer.revokePrincipal({ person: toApprover(person), ...agent, ...reason }))
}

function createSuspendRoute({ issuer }: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'POST /api/suspensions',
    summary: 'Let a delegation rest, with everything below it, until it is resumed',
    body: suspendSchema,
    answers: { 200: jsonAnswer('It is stored and published', PEOPLE_ANSWERS.suspension) },
    run: async (call) => {
      const { person } = requireSession(call)
      const { delegation, reason } = call.body
      const decision = { ...toDecider(person), ...defined({ reason }) }
      return json(
        200,
        suspensionToWire(await issuer.suspendDelegation({ id: readId(delegation), ...decision })),
      )
    },
  })
}

function createResumeRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'POST /api/resumptions',
    summary: 'Let a delegation that rests go on',
    body: resumeSchema,
    answers: { 200: jsonAnswer('It is stored and published', PEOPLE_ANSWERS.suspension) },
    run: async (call) => {
      const session = requireSession(call)
      const { delegation, step_up } = call.body
      const id = readId(delegation)
      // Whoever took over a session may stop everything, but gives nobody back what was taken away.
      await requireStepUp(context, session, step_up)
      return json(
        200,
        suspensionToWire(await context.issuer.resumeDelegation({ id, ...toDecider(session.person) })),
      )
    },
  })
}

/** To a person whom an agent never asked, it does not exist. */
async function requireKnownAgent({ database }: PeopleContext, person: Person, agent: string): Promise<void> {
  const asked = await database
    .selectFrom('requests')
    .select('id')
    .where('agent', '=', agent)
    .where(principalOfRequest, '=', person.id)
    .executeTakeFirst()
  if (asked) return
  const given = await database
    .selectFrom('delegations')
    .select('id')
    .where('subject', '=', agent)
    .where(principalOfDelegation, '=', person.id)
    .executeTakeFirst()
  if (!given) throw new AuthorityError('not_found', 'There is no such agent')
}

function stoppedToWire(receipt: {
  readonly revoked: string | readonly string[]
  readonly withdrawn?: readonly string[]
  readonly sequence: number
  readonly time: number
}): JsonObject {
  return {
    revoked: [receipt.revoked].flat(),
    withdrawn: [...(receipt.withdrawn ?? [])],
    sequence: receipt.sequence,
    time: formatTime(receipt.time),
  }
}
