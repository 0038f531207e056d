import type { RawAnswer } from './authority-world.ts'
import { type Browser, openBrowser, type Site } from './browser.ts'

/** A browser's way to the provider and back, hop by hop, with the cookies that each site gets. */
export interface Trip {
  readonly browser: Browser
  /** The cookie of the login under way. */
  login: string | undefined
  readonly provider: Map<string, string>
}

/** With which browser somebody goes to the company login, and where they come back to. */
export interface DepartOptions {
  readonly browser?: Browser
  readonly returnTo?: string
}

/** Begins a company login. */
export async function departFrom(
  world: Site,
  options: DepartOptions = {},
): Promise<{ readonly trip: Trip; readonly url: URL; readonly answer: RawAnswer }> {
  const browser = options.browser ?? (await openBrowser(world))
  const { returnTo } = options
  const query = returnTo === undefined ? '' : `?returnTo=${encodeURIComponent(returnTo)}`
  const kept = browser.cookie
  const answer = await browser.get(`/api/oidc/start${query}`)
  browser.cookie = kept
  const login = /__Host-behalf-login=[^;]+/u.exec(answer.headers.get('set-cookie') ?? '')?.[0]
  const trip: Trip = { browser, login, provider: new Map() }
  return { trip, url: new URL(answer.headers.get('location') ?? '', world.origin), answer }
}

/** Signs in at the provider, until it sends the browser back; returns where to. */
export async function visit(trip: Trip, from: URL): Promise<URL> {
  let url = from
  for (let hop = 0; hop < 10 && url.origin !== trip.browser.site.origin; hop += 1) {
    const cookie = [...trip.provider].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { headers: { cookie }, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/u.exec(line) ?? []
      trip.provider.set(name, value)
    }
    const location = response.headers.get('location')
    if (location === null) throw new Error(`the provider stops: ${response.status} ${await response.text()}`)
    url = new URL(location, url)
  }
  return url
}

/** Comes back over the site's border: the Strict cookie is not sent. */
export async function arrive(trip: Trip, url: URL): Promise<RawAnswer> {
  const { browser } = trip
  const answer = await browser.call(`${url.pathname}${url.search}`, {
    headers: { cookie: trip.login ?? null },
  })
  const session = /__Host-behalf-session=[^;]+/u.exec(answer.headers.get('set-cookie') ?? '')?.[0]
  browser.cookie = session
  return answer
}

/** All of it: to the provider, back, and signed in unless it was refused. */
export async function logInAtCompany(
  world: Site,
  options: DepartOptions = {},
): Promise<{ browser: Browser; answer: RawAnswer }> {
  const { trip, url } = await departFrom(world, options)
  const answer = await arrive(trip, await visit(trip, url))
  if (trip.browser.cookie !== undefined) await trip.browser.get('/api/session')
  return { browser: trip.browser, answer }
}
