import type { JsonObject } from '@behalf/core'
import type { Did } from '@behalf/did'
import { readObject, readObjects, readText, readTime } from './answer.ts'
import { type Enrolment, readEnrolment } from './authority-answer.ts'

/** Where a key was proven to run. */
export interface EnrolledWorkload {
  readonly agent: Did
  /** Who said so, as the authority calls them. */
  readonly issuer: string
  readonly subject: string
  readonly claims: Readonly<Record<string, string>>
  /** Milliseconds since the epoch: prove it again before. */
  readonly validUntil: number
  /** What the agent may have by itself until then; none where nothing is granted. */
  readonly enrolments: readonly Enrolment[]
}

/** Where a key was proven to run, in an answer, and what that gives it. */
export function readEnrolledWorkload(answer: JsonObject): EnrolledWorkload {
  const workload = readObject(answer, 'workload')
  const claims = readObject(workload, 'claims')
  return {
    agent: readText(answer, 'agent'),
    issuer: readText(workload, 'issuer'),
    subject: readText(workload, 'subject'),
    claims: Object.fromEntries(Object.keys(claims).map((name) => [name, readText(claims, name)])),
    validUntil: readTime(answer, 'valid_until'),
    enrolments: readObjects(answer, 'enrolments').map(readEnrolment),
  }
}
