import type { JsonObject } from '@behalf/core'
import { readInteger, readObject, readText, withoutAbsent } from './answer.ts'

/** One entry of the log as the authority tells it. Nothing in it is verified. */
export interface LogEntry {
  readonly index: number
  /** The entry itself. */
  readonly record: string
  /** What lies beside a record of a request. */
  readonly evidence?: {
    /** base64url. */
    readonly salt: string
    readonly text: string
  }
}

/** One entry of a list of entries of the log. */
export function readLogEntry(answer: JsonObject): LogEntry {
  const evidence = answer.evidence === undefined ? undefined : readObject(answer, 'evidence')
  return withoutAbsent({
    index: readInteger(answer, 'index'),
    record: readText(answer, 'record'),
    evidence: evidence && { salt: readText(evidence, 'salt'), text: readText(evidence, 'text') },
  })
}
