import type { VerifiedTrace } from '@behalf/authority/trace'
import { encodeBase64 } from '@behalf/core'
import type { AnswerDocument } from '../output.ts'
import type { TraceStep } from './describe-trace.ts'

/** The story as a document for machines. */
export function traceDocument(trace: VerifiedTrace, steps: readonly TraceStep[]): AnswerDocument {
  const { about, authority, checkpoint, witnesses, entries } = trace
  const records = new Map(entries.map(({ index, record }) => [index, record]))
  return {
    about,
    authority,
    checkpoint: { size: checkpoint.size, root: encodeBase64(checkpoint.root) },
    witnesses: witnesses.map(({ witness, size, time }) => ({
      witness,
      size,
      time: new Date(time).toISOString(),
    })),
    steps: steps.map((step) => ({ ...step, record: records.get(step.index) })),
  }
}
