import { VerifierError } from './error.ts'
import type { FramedHeaders } from './framing.ts'
import { normalizeAuthority, type Origins } from './origin.ts'

/** The target of a request: configured origin, raw path, raw query. */
export interface RequestTarget {
  /** One of the configured origins. */
  readonly origin: string
  /** The raw target, path and query, as it was sent. */
  readonly target: string
  /** The raw path. */
  readonly path: string
  /** The raw query without its question mark; empty when there is none. */
  readonly query: string
}

const ABSOLUTE_FORM = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)/
/** RFC 3986 `pchar` and the slash. */
const PATH_CHARACTERS = /^[A-Za-z0-9\-._~%!$&'()*+,;=:@/]*$/
/** The same, and what browsers leave unescaped in a query. */
const QUERY_CHARACTERS = /^[A-Za-z0-9\-._~%!$&'()*+,;=:@/?[\]{}|^`]*$/
const ESCAPES = /(?:%[0-9A-Fa-f]{2})+/g
const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/
const ENCODED_SLASH = /%(?:2f|5c)/i
const ENCODED_CONTROL = /%(?:[01][0-9a-f]|7f)/i
const ENCODED_NUL = /%00/
const DOT = /\.|%2e/i
/** Checked before letters are lower-cased: some other alphabets have letters whose lower case is ASCII. */
const VISIBLE_ASCII = /^[!-~]+$/

/**
 * The request was made for one of the configured origins, and every reader finds the same path in its target.
 *
 * Nothing is decoded or normalised: what has two readings is refused.
 *
 * @param target the raw request target
 * @throws VerifierError target_mismatch, target_ambiguous, header_ambiguous (`:authority` against Host)
 * @see RFC 9112 section 3.2, RFC 3986 section 3.3
 */
export function readTarget(target: string, headers: FramedHeaders, origins: Origins): RequestTarget {
  checkForm(target, origins)
  const origin = readOrigin(headers, origins)
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? '' : target.slice(mark + 1)
  checkPath(path)
  checkQuery(query)
  return { origin, target, path, query }
}

function checkForm(target: string, origins: Origins): void {
  if (target.startsWith('/')) return
  const [, scheme, authority] = ABSOLUTE_FORM.exec(target) ?? []
  if (scheme === undefined || authority === undefined) throw ambiguous('the target is not in origin form')
  if (authority.includes('@')) throw ambiguous('the target holds userinfo')
  const protocol = `${scheme.toLowerCase()}:`
  const known = origins.get(normalizeAuthority(authority, protocol))
  if (known?.startsWith(`${protocol}//`)) throw ambiguous('the target is in absolute form')
  throw mismatch('the target names another origin')
}

function readOrigin(headers: FramedHeaders, origins: Origins): string {
  const host = headers.fields.values.get('host')
  const authority = headers.authority ?? host
  if (authority === undefined) throw mismatch('the request names no host')
  if (/[@%]/.test(authority)) throw ambiguous('the host holds userinfo or a zone')
  const origin = findOrigin(authority, origins)
  if (
    host !== undefined &&
    host !== authority &&
    (origin === undefined || findOrigin(host, origins) !== origin)
  ) {
    throw new VerifierError('header_ambiguous', 'host and :authority name different hosts')
  }
  if (origin === undefined) throw mismatch('the host is not one of ours')
  return origin
}

function findOrigin(authority: string, origins: Origins): string | undefined {
  if (!VISIBLE_ASCII.test(authority)) return undefined
  for (const scheme of ['https:', 'http:']) {
    const origin = origins.get(normalizeAuthority(authority, scheme))
    if (origin?.startsWith(`${scheme}//`)) return origin
  }
  return undefined
}

function checkPath(path: string): void {
  if (!PATH_CHARACTERS.test(path)) throw ambiguous('the path holds a character that must be escaped')
  if (path.includes('%')) {
    checkEscapes(path)
    if (ENCODED_SLASH.test(path)) throw ambiguous('the path holds an escaped slash')
    if (ENCODED_CONTROL.test(path)) throw ambiguous('the path holds an escaped control character')
  }
  if (DOT.test(path) && path.split('/').some(isDotSegment)) throw ambiguous('the path holds a dot segment')
}

function checkQuery(query: string): void {
  if (!QUERY_CHARACTERS.test(query)) throw ambiguous('the query holds a character that must be escaped')
  if (!query.includes('%')) return
  checkEscapes(query)
  if (ENCODED_NUL.test(query)) throw ambiguous('the query holds an escaped NUL')
}

function checkEscapes(text: string): void {
  if (BROKEN_ESCAPE.test(text)) throw ambiguous('a percent sign is not an escape')
  for (const [escapes] of text.matchAll(ESCAPES)) {
    try {
      decodeURIComponent(escapes)
    } catch {
      throw ambiguous('escapes are not UTF-8')
    }
  }
}

// Some servers cut `;parameters` off a segment before they resolve dots, so the segment counts without them.
function isDotSegment(segment: string): boolean {
  const name = segment.split(';', 1)[0]?.replaceAll(/%2e/gi, '.')
  return name === '.' || name === '..'
}

function ambiguous(message: string): VerifierError {
  return new VerifierError('target_ambiguous', message)
}

function mismatch(message: string): VerifierError {
  return new VerifierError('target_mismatch', message)
}
