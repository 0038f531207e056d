import type { Clock, RandomBytes } from '@behalf/core'
import { type AuthorityLog, describeFault } from '../authority-log.ts'
import type { AuthorityDatabase } from '../database-schema.ts'
import { findDue } from './find-due.ts'
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
  let filling = Promise.resolve()
  let isClosed = false
  const fill = async (): Promise<void> => {
    if (isClosed) return
    const limit = MAX_AT_ONCE - underWay.size
    const due = await findDue(database, { now: clock(), except: [...underWay.keys()], limit })
    for (const { target, notice } of due) {
      const attempt = tryOnce(context, target, notice, () => isClosed)
      underWay.set(target.id, attempt.then(() => underWay.delete(target.id)).then(enqueueFill))
    }
  }
  const enqueueFill = (): Promise<void> => {
    filling = filling.then(fill).catch((error: unknown) => reportFault(log, error))
    return filling
  }
  const settle = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.all(underWay.values())
  }
  return {
    wake: () => void enqueueFill(),
    run: async () => {
      if (!isClosed)
        await sweepNotices(database, { origin, now: clock(), random }).catch((error: unknown) =>
          reportFault(log, error),
        )
      await enqueueFill()
      await settle()
    },
    test: (target) => tryTest(context, target),
    close: async () => {
      isClosed = true
      await filling
      await settle()
    },
  }
}

async function tryOnce(
  context: CourierContext,
  target: NoticeTarget,
  notice: OutgoingNotice,
  isClosed: () => boolean,
): Promise<void> {
  const { database, clock, random, log } = context
  try {
    const outcome = await context.carriers[target.kind](target, notice)
    // What was cut off by the end of this process is tried again by the next one.
    if (isClosed() && outcome.kind !== 'delivered') return
    const now = clock()
    await settleAttempt(database, { target, notice, outcome, now, random })
    log.info({ target: target.id, notice: notice.id, outcome: outcome.kind }, 'notice')
  } catch (error) {
    reportFault(log, error)
    await settleAttempt(database, {
      target,
      notice,
      outcome: { kind: 'failed', reason: 'unreachable' },
      now: clock(),
      random,
    })
  }
}

async function tryTest(
  { database, clock, random, carriers }: CourierContext,
  target: NoticeTarget,
): Promise<Outcome> {
  const notice = { id: createNoticeId(random), type: 'test', data: {}, createdAt: clock() } as const
  const outcome = await carriers[target.kind](target, notice)
  await settleTest(database, { target, outcome, now: clock() })
  return outcome
}

function reportFault(log: AuthorityLog, error: unknown): void {
  log.error(describeFault(error), 'notices failed')
}
