import type { DelegationView, UseView } from '../api/views.ts'
import { safeText } from './safe-text.ts'
import { momentWords } from './time-words.ts'

/** When a delegation was last used at each API and how much is left there, as far as the API reports it. */
export function usageWords(
  { apis, max_uses: most }: Pick<DelegationView, 'apis' | 'max_uses'>,
  now: number,
): readonly string[] {
  return apis.map((api) => {
    const origin = safeText(api.origin, 200)
    const { last_used_at: at, uses, reports } = api
    if (at !== undefined) {
      const often = uses === 1 ? 'once' : `${uses} times`
      const end = reports ? '' : ' It reports no more.'
      return `Last used ${momentWords(at, now)} at ${origin}, ${often} so far.${leftWords(api, most)}${end}`
    }
    if (!reports) return `${origin} does not report here: whether it was used there is not known.`
    return `${origin} reported no use yet.${leftWords(api, most)}`
  })
}

/** Each API counts by itself. */
function leftWords({ uses, reports }: UseView, most: number | undefined): string {
  if (most === undefined || !reports) return ''
  return ` ${Math.max(most - uses, 0)} of ${most} uses left there.`
}
