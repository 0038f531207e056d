// A percent-encoded letter, digit, `-`, `.` or `_` is a second spelling that no encoder writes.
const NEEDLESS_ENCODING = /%(?:3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|2[DdEe]|5[Ff])/
// Some servers take `;` for `&`.
const SECOND_SEPARATOR = ';'

/**
 * Returns the names and values of a raw query, or undefined when two servers could read it differently: a repeated
 * name, an empty part, a second separator, needless or malformed percent-encoding.
 * @param query the bytes after `?` as sent; empty gives no names
 * @see WHATWG URL section 5.1
 */
export function parseQuery(query: string): ReadonlyMap<string, string> | undefined {
  const values = new Map<string, string>()
  if (query === '') return values
  if (query.includes(SECOND_SEPARATOR) || NEEDLESS_ENCODING.test(query)) return undefined
  for (const part of query.split('&')) {
    const [name, value] = splitPart(part)
    if (name === undefined || name === '' || value === undefined || values.has(name)) return undefined
    values.set(name, value)
  }
  return values
}

function splitPart(part: string): [name: string | undefined, value: string | undefined] {
  const equals = part.indexOf('=')
  if (equals === -1) return [decode(part), '']
  return [decode(part.slice(0, equals)), decode(part.slice(equals + 1))]
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
