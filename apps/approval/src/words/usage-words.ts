import type { DelegationView, UseView } from '../api/views.ts'
import { safeText } from './safe-text.ts'
import { momentWords } from './time-words.ts'

type Used = Pick<DelegationView, 'apis' | 'max_uses'>

/**
 * When a delegation was last used at each API and how much is left there, as far as the API reports it.
 *
 * @param now - milliseconds since the epoch
 * @param above - those that it was passed on from: each use counts against them, too
 */
export function usageWords(delegation: Used, now: number, above: readonly Used[] = []): readonly string[] {
  return delegation.apis.map((api) => {
    const origin = safeText(api.origin, 200)
    const { last_used_at: at, uses, reports } = api
    if (at !== undefined) {
      const often = uses === 1 ? 'once' : `${uses} times`
      const end = reports ? '' : ' It reports no more.'
      return `Last used ${momentWords(at, now)} at ${origin}, ${often} so far.${leftWords(api, delegation, above)}${end}`
    }
    if (!reports) return `${origin} does not report here: whether it was used there is not known.`
    return `${origin} reported no use yet.${leftWords(api, delegation, above)}`
  })
}

/** Each API counts by itself. */
function leftWords({ origin, reports }: UseView, delegation: Used, above: readonly Used[]): string {
  if (!reports) return ''
  const own = leftOf(delegation, origin)
  const others = above.map((one) => leftOf(one, origin)).filter((left) => left !== undefined)
  const least = Math.min(...others)
  if (own !== undefined && own <= least) return ` ${own} of ${delegation.max_uses} uses left there.`
  return others.length === 0 ? '' : ` ${least} uses left there, by the limit of one above it.`
}

function leftOf({ apis, max_uses: most }: Used, origin: string): number | undefined {
  const uses = apis.find((api) => api.origin === origin)?.uses ?? 0
  return most === undefined ? undefined : Math.max(most - uses, 0)
}
