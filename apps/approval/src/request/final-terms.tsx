import { Title } from '@mantine/core'
import type { ReactNode } from 'react'
import type { PreparedApproval } from '../api/approvals-api.ts'
import type { RequestView } from '../api/views.ts'
import { ExactRule } from '../parts/exact-rule.tsx'
import { safeText } from '../words/safe-text.ts'

interface FinalTermsProps {
  readonly prepared: PreparedApproval
  readonly requests: readonly RequestView[]
}

/** The sentences that are signed, for each request its own. */
export function FinalTerms({ prepared, requests }: FinalTermsProps): ReactNode {
  return requests.map(({ id }, index) => (
    <section key={id} aria-label={requests.length > 1 ? `Request ${index + 1}` : 'Final terms'}>
      {requests.length > 1 && (
        <Title order={3} className="section-title">
          Request {index + 1} of {requests.length}
        </Title>
      )}
      <ul className="sentences final-terms">
        {(prepared.sentences[index] ?? []).map((sentence) => (
          <li key={sentence}>{safeText(sentence)}</li>
        ))}
      </ul>
      <ExactRule rule={prepared.payloads[index] ?? {}} label="The credential as it will be signed" />
    </section>
  ))
}
