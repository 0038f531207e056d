import type { LogFilter } from '../api/log-api.ts'

/** What looks for nothing. */
export const EVERYTHING: LogFilter = {
  agent: '',
  principal: '',
  api: '',
  run: '',
  code: '',
  from: '',
  until: '',
}

/** The address of the page where this is looked for: to come back to, and to give to others. */
export function searchAddress(filter: LogFilter): string {
  const given = Object.entries(filter).filter(([, value]: [string, string]) => value !== '')
  return given.length === 0 ? '/search' : `/search?${new URLSearchParams(given)}`
}

/**
 * What an address looks for; what it says in other words looks for nothing.
 *
 * @param search - behind the question mark
 */
export function readSearch(search: string): LogFilter {
  const given = new URLSearchParams(search)
  const names = Object.keys(EVERYTHING) as (keyof LogFilter)[]
  const texts = names.map((name) => [name, given.get(name) ?? ''] as const)
  return { ...EVERYTHING, ...Object.fromEntries(texts) }
}
