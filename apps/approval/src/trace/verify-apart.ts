import type { VerifiedTrace } from '@behalf/authority/trace'
import { BehalfError } from '@behalf/core'
import type { VerifyAnswer, VerifyQuestion } from './verify-worker.ts'

/**
 * Returns the story in a bundle, once everything in it is proven. Hundreds of signatures take seconds, in which the
 * page can still be used.
 *
 * @throws BehalfError for what is not proven; Error for a fault of the page
 */
export async function verifyApart(question: VerifyQuestion): Promise<VerifiedTrace> {
  const worker = new Worker(new URL('./verify-worker.ts', import.meta.url), { type: 'module' })
  try {
    const { trace, refusal } = await ask(worker, question)
    if (refusal !== undefined) throw new BehalfError(refusal.code, refusal.message)
    if (trace === undefined) throw new Error('The proofs could not be checked')
    return trace
  } finally {
    worker.terminate()
  }
}

function ask(worker: Worker, question: VerifyQuestion): Promise<VerifyAnswer> {
  return new Promise((resolve, reject) => {
    worker.addEventListener('message', ({ data }: MessageEvent<VerifyAnswer>) => resolve(data))
    worker.addEventListener('error', () => reject(new Error('The proofs could not be checked')))
    worker.postMessage(question)
  })
}
