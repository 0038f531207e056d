import { isJsonObject, parseJson } from '@behalf/core'
import type { RequestGuard, RequestVerifier, VerifiedRequest, VerifiedTokenRequest } from '@behalf/verifier'
import { protect } from '@behalf/verifier/hono'
import { type Context, Hono } from 'hono'
import type { Account, Issue, TrackerStore } from './tracker-store.ts'

type Verified = VerifiedRequest<Account> | VerifiedTokenRequest<Account>
type Variables = { behalf: Verified }
type TrackerContext = Context<{ Variables: Variables }>

/** Who checks the requests to this API. */
export interface TrackerVerifiers {
  /** Takes signed requests and access tokens. */
  readonly verifier: RequestGuard<Verified>
  /** Also wants that a person approved with a passkey of their own. */
  readonly personVerifier: RequestVerifier<Account>
}

/**
 * The issue tracker's routes behind verifiers; a whole project leaves it only where a person approved. What a request may do is the intersection of two things: the
 * delegation, which the verifier has checked before a route runs, and the projects of the account, checked here.
 */
export function createTrackerApp(
  { verifier, personVerifier }: TrackerVerifiers,
  { store, isReady }: { readonly store: TrackerStore; readonly isReady: () => boolean },
): Hono<{ Variables: Variables }> {
  const app = new Hono<{ Variables: Variables }>()
  app.get('/health', (c) => c.json({ status: 'ok' }))
  app.get('/ready', (c) => (isReady() ? c.json({ status: 'ok' }) : c.json({ status: 'starting' }, 503)))
  app.use('/projects/*', protect(verifier))
  app.use('/exports/*', protect(personVerifier))
  app.on('ALL', ['/projects/:project/*', '/exports/:project'], async (c, next) => {
    const { account } = c.get('behalf')
    if (!account.projects.includes(c.req.param('project') ?? '')) return refuse(c, 403, 'forbidden')
    return next()
  })
  app.get('/exports/:project', (c) => c.json({ issues: store.listIssues(c.req.param('project')) }))
  app.get('/projects/:project/issues', (c) => c.json({ issues: store.listIssues(c.req.param('project')) }))
  app.post('/projects/:project/issues', (c) => {
    const title = readText(c, 'title')
    if (title === undefined) return refuse(c, 422, 'input_invalid')
    return c.json(store.createIssue(c.req.param('project'), title), 201)
  })
  app.get('/projects/:project/issues/:number', (c) => withIssue(c, store, (issue) => c.json(issue)))
  app.post('/projects/:project/issues/:number/comments', (c) =>
    withIssue(c, store, (issue) => {
      const text = readText(c, 'text')
      if (text === undefined) return refuse(c, 422, 'input_invalid')
      const { account, agent } = c.get('behalf')
      return c.json(store.comment(issue, text, { author: account.id, agent }), 201)
    }),
  )
  app.post('/projects/:project/issues/:number/close', (c) =>
    withIssue(c, store, (issue) => c.json(store.close(issue))),
  )
  return app
}

function withIssue(c: TrackerContext, store: TrackerStore, answer: (issue: Issue) => Response): Response {
  const issue = store.findIssue(c.req.param('project') ?? '', Number(c.req.param('number')))
  return issue ? answer(issue) : refuse(c, 404, 'not_found')
}

/** A member of the verified body, when it is a text of 1 to 5,000 characters. */
function readText(c: TrackerContext, member: string): string | undefined {
  const body = readBody(c.get('behalf').body)
  const value = isJsonObject(body) ? body[member] : undefined
  return typeof value === 'string' && value.length > 0 && value.length <= 5000 ? value : undefined
}

function readBody(body: Uint8Array): ReturnType<typeof parseJson> | undefined {
  try {
    return parseJson(body)
  } catch {
    return undefined
  }
}

/** This API's own refusals, in the form and with the codes that the verifier's have. */
function refuse(c: TrackerContext, status: 403 | 404 | 422, code: string): Response {
  const titles = { 403: 'Forbidden', 404: 'Not found', 422: 'Invalid input' }
  const problem = { type: `urn:behalf:error:${code}`, title: titles[status], status, code }
  return c.json({ ...problem, request_id: c.get('behalf').requestId }, status, {
    'Content-Type': 'application/problem+json',
  })
}
