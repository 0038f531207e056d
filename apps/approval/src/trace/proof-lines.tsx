import type { EntryProof } from '@behalf/authority/trace'
import type { ReactNode } from 'react'
import { safeText } from '../words/safe-text.ts'

/** What of a line is proven, and what is not. */
export function ProofLines({ proof: { proven, unproven } }: { readonly proof: EntryProof }): ReactNode {
  return (
    <ul className="plain-list proof">
      <li className="check-line" data-result="passed">
        <span className="check-mark" aria-hidden="true">
          ✓
        </span>
        <div className="break">
          <strong>Proven:</strong> {proven.map((line) => safeText(line, 300)).join('; ')}
        </div>
      </li>
      {unproven.map((line) => (
        <li key={line} className="check-line" data-result="failed">
          <span className="check-mark" aria-hidden="true">
            ✗
          </span>
          <div className="break">
            <strong>Not proven:</strong> {safeText(line, 300)}
          </div>
        </li>
      ))}
    </ul>
  )
}
