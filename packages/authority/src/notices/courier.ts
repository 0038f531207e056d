import type { Clock, RandomBytes } from '@behalf/core'
import { type AuthorityLog, describeFault } from '../authority-log.ts'
import type { AuthorityDatabase } from '../database-schema.ts'
import { type DueNotice, findDue } from './find-due.ts'
import type { Outcome, OutgoingNotice } from './notice.ts'
import { createNoticeId } from './queue-notices.ts'
import { settleAttempt, settleTest } from './settle-attempt.ts'
import { sweepNotices } from './sweep-notices.ts'
import type { NoticeTarget } from './target-rows.ts'

/** Brings one notice to one target, once. Rejects only for a fault of its own. */
export type Carrier = (target: NoticeTarget, notice: OutgoingNotice) => Promise<Outcome>

/** What the courier works with. */
export interface CourierContext {
  readonly database: AuthorityDatabase
  readonly origin: string
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: AuthorityLog
  readonly carriers: Readonly<Record<NoticeTarget['kind'], Carrier>>
}

/** Empties the outbox. */
export interface Courier {
  /** There may be something to deliver; nobody waits for it. */
  wake(): void
  /** Resolves once everything that was due was tried. */
  run(): Promise<void>
  /** Resolves to what came of one message that says nothing. One that arrives switches its target on again. */
  test(target: NoticeTarget): Promise<Outcome>
  /** Starts nothing more, and resolves when nothing is under way. */
  close(): Promise<void>
}

const MAX_AT_ONCE = 32

/**
 * Returns the courier: at most 32 deliveries at once and one for each target, so that a receiver that dawdles keeps
 * nobody else waiting. It alone empties the outbox of this database.
 */
export function createCourier(context: CourierContext): Courier {
  const { database, origin, clock, random, log } = context
  const underWay = new Map<string, Promise<void>>()
  let queue = Promise.resolve()
  let isClosed = false
  const fill = async (): Promise<void> => {
    if (isClosed) return
    const limit = MAX_AT_ONCE - underWay.size
    const due = await findDue(database, { now: clock(), except: [...underWay.keys()], limit })
    for (const next of due) underWay.set(next.target.id, deliver(next))
  }
  const deliver = async (next: DueNotice): Promise<void> => {
    const isSettled = await tryOnce(context, next, () => isClosed)
    underWay.delete(next.target.id)
    // What could not be stored would come again at once, and again: that waits for the next run.
    if (isSettled) await enqueueFill()
  }
  const sweep = async (): Promise<void> => {
    if (!isClosed) await sweepNotices(database, { origin, now: clock(), random })
  }
  const enqueue = (work: () => Promise<void>): Promise<void> => {
    queue = queue.then(work).catch((error: unknown) => reportFault(log, error))
    return queue
  }
  const enqueueFill = (): Promise<void> => enqueue(fill)
  const settle = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.all(underWay.values())
  }
  return {
    wake: () => void enqueueFill(),
    run: async () => {
      await enqueue(sweep)
      await enqueueFill()
      await settle()
    },
    test: (target) => tryTest(context, target),
    close: async () => {
      isClosed = true
      await queue
      await settle()
    },
  }
}

/** Whether what came of it is on disk. */
async function tryOnce(
  context: CourierContext,
  { target, notice }: DueNotice,
  isClosed: () => boolean,
): Promise<boolean> {
  const { database, clock, random, log } = context
  const outcome = await carry(context, target, notice)
  // What was cut off by the end of this process is tried again by the next one.
  if (isClosed() && outcome.kind !== 'delivered') return false
  try {
    await settleAttempt(database, { target, notice, outcome, now: clock(), random })
    log.info({ target: target.id, notice: notice.id, outcome: outcome.kind }, 'notice')
    return true
  } catch (error) {
    reportFault(log, error)
    return false
  }
}

/** A carrier that breaks is as one that nobody answers: the notice is kept, and tried again later. */
async function carry(
  { carriers, log }: CourierContext,
  target: NoticeTarget,
  notice: OutgoingNotice,
): Promise<Outcome> {
  try {
    return await carriers[target.kind](target, notice)
  } catch (error) {
    reportFault(log, error)
    return { kind: 'failed', reason: 'unreachable' }
  }
}

async function tryTest(context: CourierContext, target: NoticeTarget): Promise<Outcome> {
  const { database, clock, random } = context
  const notice = { id: createNoticeId(random), type: 'test', data: {}, createdAt: clock() } as const
  const outcome = await carry(context, target, notice)
  await settleTest(database, { target, outcome, now: clock() })
  return outcome
}

function reportFault(log: AuthorityLog, error: unknown): void {
  log.error(describeFault(error), 'notices failed')
}
