import type { Clock, RandomBytes } from '@behalf/core'
import type { NewIssuerEvent } from '@behalf/issuer'
import type { AuthorityLog } from '../authority-log.ts'
import type { AuthorityDatabase } from '../database-schema.ts'
import { type Courier, createCourier } from './courier.ts'
import type { NoticeKeys } from './notice-keys.ts'
import { createPostContext, type NoticeOptions } from './notice-options.ts'
import type { PostContext } from './post-notice.ts'
import { createPushCarrier } from './push-carrier.ts'
import { queueNotices } from './queue-notices.ts'
import { readNotices } from './read-notices.ts'
import { createWebhookCarrier } from './webhook-carrier.ts'

/** What notices are made with. */
export interface CreateNoticesOptions {
  readonly database: AuthorityDatabase
  readonly origin: string
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: AuthorityLog
  readonly keys: NoticeKeys
  readonly options: NoticeOptions
}

/** Notices of one authority. */
export interface Notices {
  readonly courier: Courier
  readonly post: PostContext
  readonly keys: NoticeKeys
  /** Whatever people are to be told of this event is in the outbox, in its transaction; nothing is sent yet. */
  queue(db: AuthorityDatabase, event: NewIssuerEvent): Promise<void>
  /** What was queued is on disk. */
  queued(): void
  /** Sends nothing more, and resolves when nothing is under way. */
  close(): Promise<void>
}

/** Returns the notices of an authority. Nothing is sent before the courier is woken or run. */
export function createNotices(parts: CreateNoticesOptions): Notices {
  const { database, origin, clock, random, log, keys } = parts
  const ending = new AbortController()
  const post = createPostContext(parts.options, { origin, signal: ending.signal })
  const webhook = createWebhookCarrier({ ...post, clock, keys })
  const contact = parts.options.contact ?? origin
  const push = createPushCarrier({ ...post, clock, keys, contact })
  const courier = createCourier({
    database,
    origin,
    clock,
    random,
    log,
    carriers: { webhook, push },
  })
  let isQueued = false
  return {
    courier,
    post,
    keys,
    queue: async (db, event) => {
      const notices = await readNotices({ db, origin }, event)
      if ((await queueNotices(db, notices, { now: event.time, random })) > 0) isQueued = true
    },
    queued: () => {
      if (isQueued) courier.wake()
      isQueued = false
    },
    close: async () => {
      ending.abort()
      await courier.close()
    },
  }
}
