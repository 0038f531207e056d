import { isJsonObject, type JsonObject } from '@behalf/core'
import { type RawAnswer, readAnswer } from './read-answer.ts'
import {
  type CeremonyOptions,
  createTestPasskey,
  type PasskeyFaults,
  type TestPasskey,
} from './test-passkey.ts'

/** Where a browser goes. */
export interface Site {
  readonly origin: string
}

/** What a browser sends besides what its page says. */
export interface BrowserCall {
  readonly method?: string
  readonly body?: unknown
  /** Absent members are as a page of this authority sends them; null ones are not sent. */
  readonly headers?: Readonly<Record<string, string | null>>
}

/** A browser without a screen: it keeps the cookie and the token of its session, and has one authenticator. */
export interface Browser {
  readonly site: Site
  passkey: TestPasskey
  cookie: string | undefined
  csrf: string | undefined
  readonly call: (path: string, call?: BrowserCall) => Promise<RawAnswer>
  readonly get: (path: string) => Promise<RawAnswer>
  /** A stream, as it comes. */
  readonly open: (path: string) => Promise<Response>
  /** A POST, unless told otherwise. */
  readonly send: (path: string, body?: unknown, method?: string) => Promise<RawAnswer>
  readonly register: (
    kind: 'claim' | 'join' | 'recover',
    facts: object,
    faults?: PasskeyFaults,
  ) => Promise<RawAnswer>
  readonly login: (faults?: PasskeyFaults) => Promise<RawAnswer>
  /** What an action that needs a fresh assertion takes as `step_up`. */
  readonly stepUp: (faults?: PasskeyFaults) => Promise<JsonObject>
}

/** A browser with a passkey of its own that nobody knows yet. */
export async function openBrowser(site: Site, passkey?: TestPasskey): Promise<Browser> {
  const { origin } = site
  const browser: Browser = {
    site,
    passkey: passkey ?? (await createTestPasskey({ origin })),
    cookie: undefined,
    csrf: undefined,
    call: async (path, call = {}) => {
      const answer = await send(browser, path, call)
      keepSession(browser, answer)
      return answer
    },
    get: (path) => browser.call(path),
    open: (path) => fetch(`${origin}${path}`, { headers: { cookie: browser.cookie ?? '' } }),
    send: (path, body = {}, method = 'POST') => browser.call(path, { method, body }),
    register: async (kind, facts, faults) => {
      const begun = await browser.send(`/api/${kind}/options`, facts)
      if (begun.status !== 200) return begun
      const response = await browser.passkey.register(optionsOf(begun), faults)
      return browser.send(`/api/${kind}`, { ceremony: ceremonyOf(begun), passkey_name: 'laptop', response })
    },
    login: async (faults) => {
      const begun = await browser.send('/api/login/options')
      const response = await browser.passkey.assert(optionsOf(begun), faults)
      return browser.send('/api/login', { ceremony: ceremonyOf(begun), response })
    },
    stepUp: async (faults) => {
      const begun = await browser.send('/api/step-up/options')
      return { ceremony: ceremonyOf(begun), response: await browser.passkey.assert(optionsOf(begun), faults) }
    },
  }
  return browser
}

/** The first person, with every role, signed in. */
export async function claim(
  site: Site & { readonly authority: { readonly claimUrl?: string } },
  id = 'alice',
  passkey?: TestPasskey,
): Promise<Browser> {
  const browser = await openBrowser(site, passkey)
  const code = new URL(site.authority.claimUrl ?? '').hash.slice(1)
  const answer = await browser.register('claim', { code, id, name: id })
  if (answer.status !== 200) throw new Error(`the claim failed: ${answer.text}`)
  return browser
}

/** Prepares an approval and answers it with the browser's passkey. */
export async function approve(
  browser: Browser,
  requests: readonly object[],
  more: { readonly faults?: PasskeyFaults; readonly enrol?: object } = {},
): Promise<RawAnswer> {
  const { faults, enrol } = more
  const prepared = await browser.send('/api/approvals', { requests, ...(enrol && { enrol }) })
  if (prepared.status !== 201) return prepared
  const response = await browser.passkey.assert(optionsOf(prepared), faults)
  return browser.send(`/api/approvals/${textOf(prepared, 'approval')}`, { response })
}

/** One person more, by invitation, signed in. */
export async function invite(operator: Browser, person: JsonObject): Promise<Browser> {
  const invited = await operator.send('/api/invitations', person)
  if (invited.status !== 201) throw new Error(`the invitation failed: ${invited.text}`)
  const code = new URL(textOf(invited, 'url')).hash.slice(1)
  const browser = await openBrowser(operator.site)
  const answer = await browser.register('join', { code })
  if (answer.status !== 200) throw new Error(`joining failed: ${answer.text}`)
  return browser
}

/** The options of a ceremony that was begun. */
export function optionsOf({ json, text }: RawAnswer): CeremonyOptions {
  const { options } = json
  if (!isJsonObject(options) || typeof options['challenge'] !== 'string')
    throw new Error(`no ceremony: ${text}`)
  return { ...options, challenge: options['challenge'] }
}

/** The id of a ceremony that was begun. */
export function ceremonyOf(answer: RawAnswer): string {
  return textOf(answer, 'ceremony')
}

/** A member of an answer that is a text. */
export function textOf({ json, text }: RawAnswer, name: string): string {
  const value = json[name]
  if (typeof value !== 'string') throw new Error(`no ${name} in ${text}`)
  return value
}

async function send(browser: Browser, path: string, call: BrowserCall): Promise<RawAnswer> {
  const { method = 'GET', body } = call
  const { origin } = browser.site
  const isChange = method !== 'GET'
  const fields: Record<string, string | null | undefined> = {
    ...(isChange && { origin, 'content-type': 'application/json', 'x-csrf-token': browser.csrf }),
    cookie: browser.cookie,
    ...call.headers,
  }
  const headers = Object.entries(fields).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' ? [[name, value]] : [],
  )
  const response = await fetch(`${origin}${path}`, {
    method,
    headers,
    redirect: 'manual',
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return readAnswer(response)
}

function keepSession(browser: Browser, { headers, json }: RawAnswer): void {
  const cookie = headers.get('set-cookie')?.split(';')[0]
  if (cookie !== undefined) browser.cookie = cookie.endsWith('=') ? undefined : cookie
  if (typeof json['csrf'] === 'string') browser.csrf = json['csrf']
}
