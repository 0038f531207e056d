import type { RequestView } from '../api/views.ts'
import { durationWords } from './duration.ts'

/** How much a request is about, in one short sentence: how long, how often, and whether it spreads. */
export function leadWords(
  request: Pick<RequestView, 'valid_for_seconds' | 'max_uses' | 'max_delegation_depth'>,
): string {
  const { valid_for_seconds: seconds, max_uses: uses, max_delegation_depth: depth } = request
  const often =
    uses === undefined ? 'any number of requests' : uses === 1 ? '1 request' : `at most ${uses} requests`
  const spread = depth === 0 ? 'not to be passed on' : 'and may pass parts of it on to other agents'
  return `For ${durationWords(seconds)}, ${often}, ${spread}.`
}
