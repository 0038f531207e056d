import type { ApiProgress, ConfirmationProgress } from '../model/confirmation-progress.ts'
import { safeText } from './safe-text.ts'

/** What was done to a delegation. */
export type Deed = 'stopped' | 'suspended' | 'resumed'

/** Whether the page still asks, and for how long it does at most. */
export interface Asking {
  readonly isOver: boolean
  readonly withinMs: number
}

const DONE: Readonly<Record<Deed, string>> = {
  stopped: 'Stopped',
  suspended: 'Suspended',
  resumed: 'Resumed',
}
/** Until when an API may go on that hears of nothing. */
export const BOUND_WORDS: string =
  'An API that hears nothing fresh from the authority refuses everything after 30 seconds, unless its owner chose another time.'

/** At how many APIs it is done. */
export function confirmationWords(
  deed: Deed,
  progress: ConfirmationProgress | undefined,
  asking: Asking,
): string {
  const done = DONE[deed]
  if (progress === undefined) return asking.isOver ? `${done}.` : `${done}. Asking which APIs know …`
  const { connected, confirmed, afterMs } = progress
  if (connected === 0) return `${done}. No API is connected right now.`
  const where = `${done} at ${confirmed} of ${connected} connected ${connected === 1 ? 'API' : 'APIs'}`
  if (afterMs !== undefined) return `${where}, after ${secondsWords(afterMs)}`
  if (!asking.isOver) return `${where} so far …`
  return `${where}: ${connected - confirmed} did not confirm within ${secondsWords(asking.withinMs)}`
}

/** How far one API is. */
export function apiWords({ origins, afterMs }: ApiProgress, { isOver }: Asking): string {
  const name = origins.map((origin) => safeText(origin, 200)).join(', ')
  if (afterMs !== undefined) return `${name} confirmed after ${secondsWords(afterMs)}.`
  return isOver ? `${name} did not confirm.` : `${name} has not confirmed yet.`
}

/** How far those are that have no name here; undefined when there are none. */
export function otherWords({ others }: ConfirmationProgress): string | undefined {
  const { connected, confirmed } = others
  if (connected === 0) return undefined
  if (connected === 1)
    return `1 API that has no name here ${confirmed === 1 ? 'confirmed' : 'has not confirmed'}.`
  return `${connected} APIs that have no name here: ${confirmed === connected ? 'all' : confirmed} confirmed.`
}

/** How many follow the authority that nobody vouches for; undefined when there are none. */
export function unprovenWords({ unproven }: ConfirmationProgress): string | undefined {
  const { connected, confirmed } = unproven
  if (connected === 0) return undefined
  const those = connected === 1 ? '1 other reader' : `${connected} other readers`
  const said =
    confirmed === 0 ? 'no confirmation' : confirmed === connected ? 'confirmed' : `${confirmed} confirmed`
  return `${those} that proved no key, not counted: ${said}.`
}

/** What it means that an API was told and did not confirm in time. */
export function lateWords(deed: Deed): string {
  const goes = deed === 'resumed' ? 'refusing' : 'accepting'
  return `Whoever did not confirm was told, and may go on ${goes} until it has taken that in.`
}

/** What it means that APIs are not connected by name; undefined when there are none. */
export function absentWords(origins: readonly string[]): string | undefined {
  if (origins.length === 0) return undefined
  const names = origins.map((origin) => safeText(origin, 200)).join(', ')
  const [are, learn] = origins.length === 1 ? ['is', 'learns'] : ['are', 'learn']
  return `${names} ${are} not connected under a name, and ${learn} it when next asking, within seconds.`
}

function secondsWords(milliseconds: number): string {
  if (milliseconds >= 10_000) return `${Math.round(milliseconds / 1000)} s`
  return `${(Math.ceil(milliseconds / 100) / 10).toFixed(1)} s`
}
