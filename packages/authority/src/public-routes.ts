import { type Clock, digestSha256 } from '@behalf/core'
import type { Issuer } from '@behalf/issuer'
import { ANSWERS } from './answer-schemas.ts'
import { AuthorityError } from './error.ts'
import { readListNumber } from './read-input.ts'
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
// Long enough to spare a crowd of verifiers a round each, short against the 30 s that a heartbeat lives.
const ARTEFACT_CACHING = 'public, max-age=1'

const APPROVAL_PAGE = `This authority was started without its page for approving requests.

The operator of this authority approves from a terminal:

  behalf approve REQUEST --authority ORIGIN

REQUEST is the last part of the address of this page, ORIGIN the part before /approve.
The command shows who asks for what, and asks before it approves anything.
`

/** The routes that need no signature. */
export function createPublicRoutes(context: PublicContext): readonly Route[] {
  const approval = context.hasPage ? [] : [createApprovalRoute()]
  return [...createStateRoutes(context), ...createStatusRoutes(context), ...approval]
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

function createStatusRoutes({ issuer }: PublicContext): readonly Route[] {
  return [
    defineRoute({
      name: 'GET /status/heartbeat',
      summary: 'The signed word on what is current: lists, revoked keys, time',
      answers: {
        200: { description: 'A compact JWS', type: 'application/jwt' },
        304: { description: 'The one you have' },
      },
      run: async ({ header }) => {
        const publication = await issuer.lastHeartbeat()
        if (!publication) throw new AuthorityError('not_found', 'Nothing was published yet')
        const digest = digestSha256(publication.jws)
        return answerArtefact(
          { jws: publication.jws, type: 'application/jwt', digest },
          header('if-none-match'),
        )
      },
    }),
    defineRoute({
      name: 'GET /status/lists/{number}',
      summary: 'A signed status list',
      answers: {
        200: { description: 'A compact JWS', type: 'application/vc+jwt' },
        304: { description: 'The one you have' },
      },
      run: async ({ param, header }) => {
        const list = await issuer.statusList(readListNumber(param))
        if (!list) throw new AuthorityError('not_found', 'There is no such list')
        const { jws, digest } = list
        return answerArtefact({ jws, type: 'application/vc+jwt', digest }, header('if-none-match'))
      },
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

function answerArtefact(
  artefact: { readonly jws: string; readonly type: string; readonly digest: string },
  known: string | undefined,
): Answer {
  const etag = `"${artefact.digest}"`
  const headers = { ETag: etag, 'Cache-Control': ARTEFACT_CACHING }
  if (namesEtag(known, etag)) return { status: 304, headers }
  return { status: 200, type: artefact.type, body: artefact.jws, headers }
}

function namesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  return ifNoneMatch.split(',').some((value) => value.trim().replace(/^W\//u, '') === etag)
}
