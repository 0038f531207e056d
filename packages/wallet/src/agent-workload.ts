import type { JsonObject } from '@behalf/core'
import { invalidAnswer, readObject, readText, readTime } from './answer.ts'

/** Where the key of an agent was proven to run, as somebody said whom the authority trusts in this. */
export interface AgentWorkload {
  /** What said so: a signed token, or a certificate. */
  readonly type: 'jwt' | 'x509'
  /** Who said so, as the authority calls them. */
  readonly issuer: string
  readonly subject: string
  readonly claims: Readonly<Record<string, string>>
  /** Milliseconds since the epoch. */
  readonly validUntil: number
}

/** Where its key was proven to run, in an answer about a request or a delegation; undefined where that is not known. */
export function readAgentWorkload(answer: JsonObject): AgentWorkload | undefined {
  if (answer['agent_workload'] === undefined) return undefined
  const workload = readObject(answer, 'agent_workload')
  const type = readText(workload, 'type')
  if (type !== 'jwt' && type !== 'x509') throw invalidAnswer('agent_workload')
  const claims = readObject(workload, 'claims')
  return {
    type,
    issuer: readText(workload, 'issuer'),
    subject: readText(workload, 'subject'),
    claims: Object.fromEntries(Object.keys(claims).map((name) => [name, readText(claims, name)])),
    validUntil: readTime(workload, 'valid_until'),
  }
}
