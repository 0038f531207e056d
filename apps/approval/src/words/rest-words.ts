import type { DelegationView } from '../api/views.ts'
import { safeText } from './safe-text.ts'
import { momentWords } from './time-words.ts'

type Resting = Pick<DelegationView, 'suspended_at' | 'suspended_by'>

/**
 * Since when and by whose doing a delegation rests that is suspended.
 *
 * @param reader.id - of the person who reads it
 * @param reader.now - milliseconds since the epoch
 */
export function restWords(
  { suspended_at: since, suspended_by: by }: Resting,
  reader: { readonly id: string; readonly now: number },
): string {
  if (since === undefined) return 'Suspended, because one above it is.'
  return `Suspended by ${actorWords(by, reader.id)} ${momentWords(since, reader.now)}: refused everywhere until it is resumed.`
}

function actorWords(by: string | undefined, reader: string): string {
  if (by === undefined) return 'somebody'
  if (by === reader) return 'you'
  return by.startsWith('did:') ? 'an operator' : safeText(by, 120)
}
