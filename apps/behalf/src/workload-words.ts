import type { AgentWorkload } from '@behalf/wallet'
import type { AnswerDocument } from './output.ts'
import { plain } from './plain-text.ts'
import { formatTime } from './time-words.ts'

/** Where an agent was proven to run, as the authority spells it. */
export function workloadDocument(workload: AgentWorkload | undefined): AnswerDocument | undefined {
  if (workload === undefined) return undefined
  const { type, issuer, subject, claims, validUntil } = workload
  return { type, issuer, subject, claims: { ...claims }, valid_until: formatTime(validUntil) }
}

/** Where an agent was proven to run, and who says so. */
export function describeWorkload(workload: AgentWorkload): readonly string[] {
  const { issuer, subject, claims, validUntil } = workload
  const more = Object.entries(claims).map(([name, value]) => `${plain(name)}=${plain(value)}`)
  return [
    `${plain(subject)}, says ${plain(issuer)}, until ${formatTime(validUntil)}`,
    ...(more.length === 0 ? [] : [more.join(' ')]),
  ]
}
