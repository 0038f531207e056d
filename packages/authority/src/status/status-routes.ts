import { digestSha256 } from '@behalf/core'
import type { Issuer, StatusListName } from '@behalf/issuer'
import { ANSWERS } from '../answer-schemas.ts'
import { confirmationFilterSchema, confirmationSchema, readerSchema } from '../body-schemas.ts'
import { AuthorityError } from '../error.ts'
import type { RegisteredApi } from '../ledger/api-rows.ts'
import { readListNumber } from '../read-input.ts'
import { type Answer, defineRoute, json, jsonAnswer, type Route, requireCaller } from '../route.ts'
import type { Confirmations } from './confirmations.ts'
import { describeConfirmations } from './describe-confirmations.ts'
import type { StatusStreams } from './status-streams.ts'

/** What the routes about status work with. */
export interface StatusContext {
  readonly issuer: Issuer
  readonly streams: StatusStreams
  readonly confirmations: Confirmations
  readonly listApis: () => Promise<readonly RegisteredApi[]>
}

// Long enough to spare a crowd of verifiers a round each, short against the 30 s that a heartbeat lives.
const ARTEFACT_CACHING = 'public, max-age=1'
const SEQUENCE = /^(?:0|[1-9][0-9]{0,14})$/u

/** The routes by which verifiers learn what was revoked. Everything in their answers is signed. */
export function createStatusRoutes(context: StatusContext): readonly Route[] {
  return [
    createHeartbeatRoute(context),
    createListRoute(context, 'revocation'),
    createListRoute(context, 'suspension'),
    createStreamRoute(context),
    createIdentifyRoute(context),
    createConfirmRoute(context),
    createCountRoute(context),
  ]
}

function createHeartbeatRoute({ issuer }: StatusContext): Route {
  return defineRoute({
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
  })
}

function createListRoute({ issuer }: StatusContext, purpose: StatusListName['purpose']): Route {
  const isOfSuspensions = purpose === 'suspension'
  return defineRoute({
    name: isOfSuspensions ? 'GET /status/lists/{number}/suspension' : 'GET /status/lists/{number}',
    summary: isOfSuspensions
      ? 'Which entries of a status list rest, as a signed list'
      : 'A signed status list',
    answers: {
      200: { description: 'A compact JWS', type: 'application/vc+jwt' },
      304: { description: 'The one you have' },
    },
    run: async ({ param, header }) => {
      const list = await issuer.statusList({ number: readListNumber(param), purpose })
      if (!list) throw new AuthorityError('not_found', 'There is no such list')
      const { jws, digest } = list
      return answerArtefact({ jws, type: 'application/vc+jwt', digest }, header('if-none-match'))
    },
  })
}

function createStreamRoute({ streams }: StatusContext): Route {
  return defineRoute({
    name: 'GET /status/stream',
    summary: 'The same as it is signed: events `list` and `heartbeat`, the latter with its sequence as `id`',
    answers: { 200: { description: 'Server-sent events without an end', type: 'text/event-stream' } },
    run: async ({ header, address }) => ({
      status: 200,
      type: 'text/event-stream',
      body: streams.open({ address, lastSequence: readSequence(header('last-event-id')) }),
      headers: { 'X-Accel-Buffering': 'no' },
    }),
  })
}

function createIdentifyRoute({ confirmations }: StatusContext): Route {
  return defineRoute({
    name: 'POST /status/readers',
    summary:
      'A reader of the stream proves which API it is, so that whoever revokes waits for it and learns by name whether it knows',
    body: readerSchema,
    answers: { 204: { description: 'Noted, as long as it reads' } },
    run: async (call) => {
      confirmations.identify(call.body.subscriber, requireCaller(call).did)
      return { status: 204 }
    },
  })
}

function createConfirmRoute({ confirmations }: StatusContext): Route {
  return defineRoute({
    name: 'POST /status/confirmations',
    summary:
      'A reader of the stream says, when the event `confirm` asked, that it holds a heartbeat or a later one',
    body: confirmationSchema,
    answers: { 204: { description: 'Noted' } },
    run: async ({ body }) => {
      confirmations.confirm(body.subscriber, body.sequence)
      return { status: 204 }
    },
  })
}

function createCountRoute({ confirmations, listApis }: StatusContext): Route {
  return defineRoute({
    name: 'GET /status/confirmations',
    summary:
      'How many of the APIs that read the stream hold a heartbeat, and how many other readers; asks those who did not say so yet',
    query: confirmationFilterSchema,
    answers: { 200: jsonAnswer('Now', ANSWERS.confirmations) },
    run: async ({ query }) => {
      const apis = await listApis()
      const registered = new Set(apis.map(({ did }) => did))
      return json(
        200,
        describeConfirmations(confirmations.ask(Number(query.sequence ?? 0), registered), apis),
      )
    },
  })
}

/** What is no sequence is as good as none: whoever sent it is told the present. */
function readSequence(lastEventId: string | undefined): number | undefined {
  return lastEventId !== undefined && SEQUENCE.test(lastEventId) ? Number(lastEventId) : undefined
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
