import type { Clock } from '@behalf/core'
import type { Issuer } from '@behalf/issuer'
import { ANSWERS } from './answer-schemas.ts'
import { type Answer, defineRoute, json, jsonAnswer, type Route } from './route.ts'

/** What the routes of everybody work with. */
export interface PublicContext {
  readonly issuer: Issuer
  readonly origin: string
  readonly clock: Clock
  /** Whether the database takes a write now. */
  readonly isWritable: () => Promise<boolean>
  /** Clock time from which on signed calls are accepted, see `openVerifierDatabase`. */
  readonly readyAt: number
  /** A heartbeat older than this many milliseconds is no sign of life. */
  readonly maxHeartbeatAge: number
  /** Whether the page for people is where an approval URL leads. */
  readonly hasPage: boolean
}

const MAX_AHEAD_MS = 5000

const APPROVAL_PAGE = `This authority was started without its page for approving requests.

The operator of this authority approves from a terminal:

  behalf approve REQUEST --authority ORIGIN

REQUEST is the last part of the address of this page, ORIGIN the part before /approve.
The command shows who asks for what, and asks before it approves anything.
`

/** The routes for everybody, but for those about status. */
export function createPublicRoutes(context: PublicContext): readonly Route[] {
  const approval = context.hasPage ? [] : [createApprovalRoute()]
  return [...createStateRoutes(context), ...approval]
}

function createStateRoutes(context: PublicContext): readonly Route[] {
  const { issuer, origin } = context
  return [
    defineRoute({
      name: 'GET /health',
      summary: 'Whether the process is alive',
      answers: { 200: jsonAnswer('It is', ANSWERS.health) },
      run: async () => json(200, { status: 'ok' }),
    }),
    defineRoute({
      name: 'GET /ready',
      summary: 'Whether the authority can do its work',
      answers: { 200: jsonAnswer('It can', ANSWERS.ready), 503: jsonAnswer('It cannot', ANSWERS.ready) },
      run: async () => answerReadiness(context),
    }),
    defineRoute({
      name: 'GET /.well-known/behalf-authority',
      summary: 'Who issues here, and where its heartbeat is',
      answers: { 200: jsonAnswer('The authority', ANSWERS.description) },
      run: async () =>
        json(200, {
          issuer: issuer.did,
          heartbeat: `${origin}/status/heartbeat`,
          origin,
          max_seconds: issuer.maxSeconds,
          default_seconds: issuer.defaultSeconds,
        }),
    }),
  ]
}

function createApprovalRoute(): Route {
  return defineRoute({
    name: 'GET /approve/{id}',
    summary: 'Where an approval URL leads: how an operator approves',
    answers: { 200: { description: 'The same text for every id', type: 'text/plain' } },
    run: async () => ({ status: 200, type: 'text/plain; charset=utf-8', body: APPROVAL_PAGE }),
  })
}

async function answerReadiness(context: PublicContext): Promise<Answer> {
  const now = context.clock()
  const database = await context.isWritable()
  const heartbeat = database && isFresh(context, (await context.issuer.lastHeartbeat())?.time)
  const replay = now >= context.readyAt
  const ready = database && heartbeat && replay
  const answer = json(ready ? 200 : 503, { ready, database, heartbeat, replay })
  return ready ? answer : { ...answer, headers: { 'Retry-After': '1' } }
}

function isFresh({ clock, maxHeartbeatAge }: PublicContext, time: number | undefined): boolean {
  if (time === undefined) return false
  const age = clock() - time
  return age <= maxHeartbeatAge && age >= -MAX_AHEAD_MS
}
