import { isCutShort, type NodeAnswer } from './end-with-chain.ts'
import type { AcceptedRequest } from './request-guard.ts'

/**
 * What is answered will be told: with its status once all of it was sent, or that it was cut off.
 *
 * @param answer of Node; nothing is done where nobody wants to know
 */
export function tellNodeAnswer(answer: NodeAnswer, verified: AcceptedRequest): void {
  const { answered } = verified
  if (answered === undefined) return
  const tell = (isCutOff: boolean): void => {
    const { headersSent, statusCode } = answer
    answered({ status: headersSent === true ? statusCode : undefined, isCutOff })
  }
  answer.once('finish', () => tell(isCutShort(verified)))
  answer.once('close', () => tell(true))
}
