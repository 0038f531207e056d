import { vi } from 'vitest'

/** What was seen on the wire that no log may have, by what it is. */
export type WireSecrets = ReadonlyMap<string, ReadonlySet<string>>

/** Every call by `fetch` of this process, from now on. */
export interface WireRecorder {
  /** What was secret in calls and answers so far. */
  secrets(): Promise<WireSecrets>
  stop(): void
}

/** A JWS whose parts are long enough to be no other text. */
const JWS = /eyJ[\w-]{10,}\.[\w-]{16,}\.[\w-]{40,}/gu
/** Members of JSON and of forms whose value alone gives somebody something, or that nobody but the peer should see. */
const MEMBERS: ReadonlyMap<string, string> = new Map([
  ['code', 'one-time code'],
  ['csrf', 'token of a form'],
  ['subject_token', 'subject token'],
  ['token', 'token of a workload'],
  ['access_token', 'access token'],
  ['proof', 'proof of a workload'],
  ['signature', 'signature in a body'],
  ['signature_base', 'signature base'],
  ['clientDataJSON', 'answer of a passkey'],
  ['authenticatorData', 'answer of a passkey'],
])
const SHORTEST = 16

/** Begins to record; call `secrets` when nothing is under way any more. */
export function recordWire(): WireRecorder {
  const found = new Map<string, Set<string>>()
  const readings: Promise<void>[] = []
  const add: Add = (kind, value) => {
    if (value.length >= SHORTEST) found.set(kind, (found.get(kind) ?? new Set()).add(value))
  }
  const original = globalThis.fetch
  const spy = vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init)
    readings.push(readRequest(request.clone(), add))
    const response = await original(request)
    // A stream has no end, and what is public in it.
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
      readings.push(readResponse(response.clone(), add))
    }
    return response
  })
  return {
    secrets: async () => {
      await Promise.all(readings.splice(0))
      return found
    },
    stop: () => spy.mockRestore(),
  }
}

type Add = (kind: string, value: string) => void

async function readRequest(request: Request, add: Add): Promise<void> {
  const { headers, url } = request
  const path = new URL(url).pathname
  const dpop = headers.get('dpop')
  if (dpop !== null) add(path === '/token' ? 'proof at the token endpoint' : 'proof at an API', dpop)
  const [scheme, token] = (headers.get('authorization') ?? '').split(' ')
  if (token !== undefined) add(`token after ${scheme}`, token)
  add('session cookie', headers.get('cookie')?.split('=')[1] ?? '')
  add('token of a form', headers.get('x-csrf-token') ?? '')
  add('signature', /:([^:]+):/u.exec(headers.get('signature') ?? '')?.[1] ?? '')
  add('nonce', /nonce="([^"]+)"/u.exec(headers.get('signature-input') ?? '')?.[1] ?? '')
  for (const name of ['signature-key', 'delegation-chain']) {
    for (const [jws] of (headers.get(name) ?? '').matchAll(JWS)) add('credential', jws)
  }
  const body = await request.text()
  if (headers.get('content-type')?.startsWith('application/x-www-form-urlencoded')) {
    for (const [name, value] of new URLSearchParams(body)) {
      if (name === 'token') add('token that is asked about', value)
      else addMember(name, value, add)
    }
  } else readBody(body, add)
}

async function readResponse(response: Response, add: Add): Promise<void> {
  for (const cookie of response.headers.getSetCookie()) {
    add('session cookie', cookie.split(';')[0]?.split('=')[1] ?? '')
  }
  // An answer may be given up by whoever asked.
  readBody(await response.text().catch(() => ''), add)
}

function readBody(body: string, add: Add): void {
  for (const [jws] of body.matchAll(JWS)) add('JWS in a body', jws)
  try {
    addMembers(JSON.parse(body), add)
  } catch {
    // Not JSON.
  }
}

function addMembers(value: unknown, add: Add): void {
  if (value === null || typeof value !== 'object') return
  for (const [name, member] of Object.entries(value)) {
    if (typeof member === 'string') addMember(name, member, add)
    else addMembers(member, add)
  }
}

function addMember(name: string, value: string, add: Add): void {
  const kind = MEMBERS.get(name)
  // Codes of refusals are meant to be told.
  if (kind === undefined || /^[a-z_]+$/u.test(value)) return
  add(kind, value)
  for (const [jws] of value.matchAll(JWS)) add(`JWS in a ${kind}`, jws)
}

/**
 * The kinds of secrets of which something stands in the text: the whole, the end, or one part of a JWS.
 *
 * @param text what operators read
 */
export function findSecrets(secrets: WireSecrets, text: string): readonly string[] {
  return [...secrets].flatMap(([kind, values]) =>
    [...values].some((value) => partsOf(value).some((part) => text.includes(part))) ? [kind] : [],
  )
}

function partsOf(value: string): readonly string[] {
  const [, ...rest] = value.split('.')
  // The first part of a JWS says only what kind it is.
  const long = rest.filter((part) => part.length >= 40)
  return [value, value.slice(-40), ...long.flatMap((part) => [part.slice(0, 40), part.slice(-40)])]
}
