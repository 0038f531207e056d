/**
 * Returns the path of this site that a page was about to show, for after signing in.
 *
 * @param text - hostile: it may come from a link that anybody made
 * @param origin - of this authority
 * @returns path, query and fragment as the browser's own parser reads them; `/` for everything that leads elsewhere
 */
export function pathOf(text: string | undefined, origin: string): string {
  if (text === undefined || !/^\/(?![/\\])/u.test(text)) return '/'
  const url = URL.parse(text, origin)
  if (url?.origin !== origin) return '/'
  const path = `${url.pathname}${url.search}${url.hash}`
  // Dots can hide what the path begins with once they are resolved.
  return path.startsWith('//') ? '/' : path
}
