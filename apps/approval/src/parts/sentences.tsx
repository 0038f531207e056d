import type { ReactNode } from 'react'
import { safeText } from '../words/safe-text.ts'

/** What may be done, sentence by sentence. */
export function Sentences({ sentences }: { readonly sentences: readonly string[] }): ReactNode {
  if (sentences.length === 0) return null
  return (
    <ul className="sentences">
      {sentences.map((sentence) => (
        <li key={sentence}>{safeText(sentence)}</li>
      ))}
    </ul>
  )
}
