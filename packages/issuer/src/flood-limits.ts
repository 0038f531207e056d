import type { DelegationRequest } from './delegation-request.ts'
import { IssuerError } from './error.ts'
import type { IssuerContext } from './issuer-context.ts'
import type { IssuerTransaction } from './issuer-store.ts'

type Asked = Pick<DelegationRequest, 'agent' | 'terms'>

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
// Of all strangers together; no DID looks like this.
const STRANGERS = 'strangers'

/**
 * The key does not ask too often. Each question counts, whatever comes of it later; of keys that are strangers to the
 * principal all together count as well, since keys cost nothing.
 *
 * @throws IssuerError `rate_limited`, with the seconds until the next minute
 */
export async function countQuestion(
  context: IssuerContext,
  tx: IssuerTransaction,
  { agent, stranger }: { readonly agent: string; readonly stranger: boolean },
): Promise<void> {
  const { limits } = context
  const now = context.clock()
  const minute = Math.floor(now / MINUTE_MS)
  const counts = [
    { key: agent, limit: limits.questionsPerAgent },
    ...(stranger ? [{ key: STRANGERS, limit: limits.questionsOfStrangers }] : []),
  ]
  for (const { key, limit } of counts) {
    if ((await tx.countQuestion(key, minute)) <= limit) continue
    throw tooMany('Too many questions within a minute', Math.ceil(((minute + 1) * MINUTE_MS - now) / 1000))
  }
}

/**
 * One more request may wait for people. A key that the principal approved or enrolled before has a share of its own,
 * which strangers cannot use up; strangers share what a person is asked at once and within an hour.
 *
 * @param facts.pending - the requests of the same key that wait
 * @throws IssuerError `rate_limited`
 */
export async function checkPendingLimits(
  context: IssuerContext,
  tx: IssuerTransaction,
  facts: { readonly asked: Asked; readonly pending: number; readonly stranger: boolean },
): Promise<void> {
  const { limits } = context
  const now = context.clock()
  const principal = facts.asked.terms.onBehalfOf.id
  if (facts.pending >= limits.pendingPerAgent) {
    throw tooMany('Too many requests of this agent wait for a decision already')
  }
  if (!facts.stranger) return
  const own = await tx.countStrangers({ principal, askedAfter: now - HOUR_MS, now })
  const all = await tx.countStrangers({ askedAfter: now - HOUR_MS, now })
  if (own.pending >= limits.pendingOfStrangers || all.pending >= limits.pendingInTotal) {
    throw tooMany('Too many requests of agents that are not known yet wait for a decision already')
  }
  if (own.asked >= limits.strangersPerHour) {
    throw tooMany('Too many agents that are not known yet asked for this principal within an hour', 600)
  }
}

function tooMany(message: string, retryAfterSeconds = 60): IssuerError {
  return new IssuerError('rate_limited', message, { retryAfterSeconds })
}
