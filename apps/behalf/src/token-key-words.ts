import type { TokenKey, TokenKeys } from '@behalf/wallet'
import type { AnswerDocument } from './output.ts'
import { plain } from './plain-text.ts'
import { formatTime } from './time-words.ts'

/** The keys of access tokens as a document. */
export function describeTokenKeys({ keys, rotatableAt }: TokenKeys): AnswerDocument {
  return {
    keys: keys.map(({ kid, state, publishedAt, retiredAt, publishedUntil }) => ({
      kid,
      state,
      published_at: formatTime(publishedAt),
      ...(retiredAt !== undefined && { retired_at: formatTime(retiredAt) }),
      ...(publishedUntil !== undefined && { published_until: formatTime(publishedUntil) }),
    })),
    rotatable_at: formatTime(rotatableAt),
  }
}

/** A line for each key, and from when on the next may sign. */
export function tellTokenKeys({ keys, rotatableAt }: TokenKeys): readonly string[] {
  return [
    ...keys.map((key) => `${plain(key.kid)}  ${tellState(key)}`),
    `The next key may sign from ${formatTime(rotatableAt)} on: by then everybody has it.`,
  ]
}

function tellState({ state, publishedAt, publishedUntil }: TokenKey): string {
  if (state === 'signing') return 'signs the access tokens'
  if (state === 'next') return `signs next, published since ${formatTime(publishedAt)}`
  const until = publishedUntil === undefined ? '' : `, published until ${formatTime(publishedUntil)}`
  return `signs no more${until}: what it signed holds until then`
}
