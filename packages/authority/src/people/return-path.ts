// It travels in a cookie, which a browser keeps up to 4,096 bytes.
const MAX_LENGTH = 1000

/**
 * Returns the path of this site that a page was about to show, for after signing in.
 *
 * @param text - hostile: it may come from a link that anybody made
 * @param origin - of this authority
 * @returns path, query and fragment as the browser's own parser reads them; `/` for everything that leads elsewhere or is
 *   longer than 1,000 characters
 */
export function pathOf(text: string | undefined, origin: string): string {
  if (text === undefined || text.length > MAX_LENGTH || !/^\/(?![/\\])/u.test(text)) return '/'
  const url = URL.parse(text, origin)
  if (url?.origin !== origin) return '/'
  const path = `${url.pathname}${url.search}${url.hash}`
  // Dots can hide what the path begins with once they are resolved.
  return path.startsWith('//') ? '/' : path
}
