/** What a notice looks like, and where a click on it leads. */
export interface NoticeWords {
  readonly title: string
  readonly body: string
  /** A path of this site. */
  readonly path: string
  /** The same for the same thing: a notice that comes twice is shown once. */
  readonly tag: string
}

const SOMETHING: NoticeWords = {
  title: 'Behalf has news for you',
  body: 'Open the page to see it.',
  path: '/',
  tag: 'news',
}

/**
 * Returns what to show for a message of the authority. Names in it are escaped there; a link to another site is none.
 *
 * @param text - as it was pushed; anything that cannot be read says only that there is something
 * @param origin - of this site
 */
export function noticeWords(text: string, origin: string): NoticeWords {
  const message = parse(text)
  const { data } = message
  const words =
    typeof message['type'] === 'string' && isObject(data) ? describe(message['type'], data) : undefined
  if (words === undefined || !isObject(data)) return SOMETHING
  const about = textOf(data, 'request') ?? textOf(data, 'delegation') ?? textOf(data, 'agent') ?? ''
  return { ...words, path: pathOf(textOf(data, 'url'), origin), tag: `${String(message['type'])} ${about}` }
}

type JsonObject = Readonly<Record<string, unknown>>

function describe(type: string, data: JsonObject): Pick<NoticeWords, 'title' | 'body'> | undefined {
  const agent = textOf(data, 'agent_name') ?? 'An agent without a name'
  const key = `key ${textOf(data, 'agent_fingerprint') ?? 'unknown'}`
  const person = textOf(data, 'on_behalf_of') ?? 'you'
  if (type === 'request.waiting') {
    const title = data['approval'] === 2 ? 'A request needs your second approval' : 'A request waits for you'
    return { title, body: `${agent} (${key}) asks to act for ${person}.` }
  }
  if (type === 'request.expired') {
    return { title: 'A request ran out undecided', body: `${agent} (${key}) asked to act for ${person}.` }
  }
  if (type === 'delegation.revoked') {
    return { title: 'Somebody stopped an agent of yours', body: `It had the ${key}.` }
  }
  return undefined
}

function pathOf(url: string | undefined, origin: string): string {
  const target = url === undefined ? null : URL.parse(url)
  return target?.origin === origin ? target.pathname : '/'
}

function parse(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

function textOf(data: JsonObject, name: string): string | undefined {
  const value = data[name]
  return typeof value === 'string' ? value : undefined
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
