import type { OpenAPIHono } from '@hono/zod-openapi'
import { AuthorityError } from '../error.ts'
import { type AppContext, type AuthorityEnv, routingPath } from '../http-call.ts'
import { documentPage } from '../openapi.ts'
import type { Page, PageFile } from './load-page.ts'
import { PAGE_HEADERS } from './page-headers.ts'

/** The addresses of the page. What is shown there is decided in the browser, so all get the same answer. */
const ADDRESSES = [
  '/',
  '/approve/{id}',
  '/requests',
  '/requests/together/{agent}',
  '/active',
  '/history',
  '/search',
  '/trace/{id}',
  '/passkeys',
  '/people',
  '/settings',
  '/claim',
  '/join',
  '/login',
  '/recover',
  '/verify',
] as const

// The names of these files change with their contents.
const HASHED = 'public, max-age=31536000, immutable'
const AS_NEEDED = 'no-cache'

/** The page for people is served at its addresses, and its files where it looks for them. */
export function mountPage(app: OpenAPIHono<AuthorityEnv>, page: Page): void {
  for (const path of ADDRESSES) {
    documentPage(app.openAPIRegistry, `GET ${path}`, ['text/html'])
    app.get(routingPath(path), (context) => send(context, { path, file: page.index, caching: AS_NEEDED }))
  }
  documentPage(app.openAPIRegistry, 'GET /icon.svg', ['image/svg+xml'])
  app.get('/icon.svg', (context) => {
    const file = requireFile(page, 'icon.svg')
    return send(context, { path: '/icon.svg', file, caching: AS_NEEDED })
  })
  documentPage(app.openAPIRegistry, 'GET /service-worker.js', ['text/javascript'])
  app.get('/service-worker.js', (context) => {
    const file = requireFile(page, 'service-worker.js')
    return send(context, { path: '/service-worker.js', file, caching: AS_NEEDED })
  })
  documentPage(app.openAPIRegistry, 'GET /assets/{file}', ['text/javascript', 'text/css'])
  app.get('/assets/:file', (context) => {
    const file = requireFile(page, `assets/${context.req.param('file')}`)
    return send(context, { path: '/assets/{file}', file, caching: HASHED })
  })
}

/** @throws AuthorityError `not_found` */
function requireFile({ files }: Page, path: string): PageFile {
  const file = files.get(path)
  if (file === undefined) throw new AuthorityError('not_found', 'The page has no such file')
  return file
}

interface Sent {
  /** The route as it is documented, for the log. */
  readonly path: string
  readonly file: PageFile
  readonly caching: string
}

function send(context: AppContext, { path, file, caching }: Sent): Response {
  const { type, body, gzipped } = file
  context.set('route', path)
  const compressed = acceptsGzip(context.req.header('accept-encoding')) ? gzipped : undefined
  return new Response(compressed ?? body, {
    headers: {
      ...PAGE_HEADERS,
      'Content-Type': type,
      'Cache-Control': caching,
      ...(gzipped && { Vary: 'Accept-Encoding' }),
      ...(compressed && { 'Content-Encoding': 'gzip' }),
    },
  })
}

/** @see RFC 9110 section 12.5.3; who forbids it with `q=0` gets it plain */
function acceptsGzip(header: string | undefined): boolean {
  return (
    header?.split(',').some((coding) => /^\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/iu.test(coding)) ?? false
  )
}
