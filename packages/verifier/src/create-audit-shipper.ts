import { type Clock, type RandomBytes, type Signer, systemClock, systemRandomBytes } from '@behalf/core'
import type { Tracer } from '@opentelemetry/api'
import type { AuditOutbox } from './audit-outbox.ts'
import { serializeAuditReport, serializeOutcomeReport } from './audit-report.ts'
import type { AuditOutcome, AuditRecord, AuditSink } from './audit-sink.ts'
import { VerifierError } from './error.ts'
import { type ReportFault, reportFaultToConsole } from './fault.ts'
import { type AddressOptions, parseSecureUrl } from './origin.ts'
import { checkPositive } from './positive.ts'
import type { SendFetch } from './send-audit-reports.ts'
import { shipReports } from './ship-reports.ts'
import { type SetTimer, systemTimer } from './timer.ts'

/** What a shipper works with. */
export interface AuditShipperOptions extends AddressOptions {
  /** Origin of the authority, exact: `https://host` or `https://host:port`; `http:` for loopback only. */
  readonly authority: string
  /** Of the key that an operator registered with `behalf api add`. */
  readonly signer: Signer
  /** Keeps what the authority does not have yet: `auditOutbox` of `openVerifierDatabase`. */
  readonly outbox: AuditOutbox
  /** Whether an accepted request waits until the authority has its record. Default false: it is on disk here. */
  readonly recordBeforeAct?: boolean
  /**
   * Whether it also reports what was answered to accepted requests, where an adapter tells that. Default true; it makes a
   * second, small record of each of them.
   */
  readonly outcomes?: boolean
  /** Reports that the outbox keeps at most, default 100,000. */
  readonly maxWaiting?: number
  /** Reports that the authority refuses and the outbox keeps aside at most, default 10,000. */
  readonly maxSetAside?: number
  /** For an answer of the authority, default 5. */
  readonly timeoutSeconds?: number
  readonly fetch?: SendFetch
  readonly clock?: Clock
  readonly random?: RandomBytes
  readonly setTimer?: SetTimer
  readonly reportFault?: ReportFault
  /** Makes each batch a span, and tells the authority of it (W3C Trace Context). Default: neither. */
  readonly tracer?: Tracer
}

/** An audit sink that puts every decision into the log of an authority. */
export interface AuditShipper extends AuditSink {
  /** Reports that the authority does not have yet. */
  waiting(): number
  /** Refusals and outcomes that were not reported since the start, because there was no room for them. */
  dropped(): number
  /** Reports that the authority refused for what they say. They are kept, and not sent again by themselves. */
  setAside(): number
  /** What was set aside is sent again, after all that waits. @returns how many reports that are */
  sendAgain(): number
  /** Sends no more. What waits is sent after the next start; nothing may be recorded any more. */
  close(): Promise<void>
}

interface Waiter {
  readonly number: number
  readonly resolve: () => void
  readonly reject: (cause: unknown) => void
}

interface Shipper
  extends Required<Omit<AuditShipperOptions, 'tracer' | keyof AddressOptions>>,
    Pick<AuditShipperOptions, 'tracer'> {
  waiters: Waiter[]
  /** Reports of outcomes that are not in the outbox yet. */
  answered: string[]
  sending: Promise<void> | undefined
  stopTimer: (() => void) | undefined
  failures: number
  dropped: number
  isClosed: boolean
}

const MAX_BATCH = 1000
/** What the authority takes at once is 4 MiB. */
const MAX_BATCH_LENGTH = 3_000_000
/** How long a report waits for others to go with it. */
const GATHER_MS = 20
const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 30_000

/**
 * Makes the audit sink of an API whose decisions belong into the log of an authority. A record is on disk here when
 * it is taken, and sent in order and at least once: the authority counts it once. While the authority cannot be
 * reached records wait. When too many do, the oldest refusals are dropped and counted; a record of a request that was
 * let through never is, and when there is no room for it the request is refused with `audit_unavailable`. With
 * `recordBeforeAct` that also happens when the authority does not have the record yet. A record that the authority
 * refuses for what it says, such as an origin that is not registered, is set aside in the outbox and told by
 * `reportFault` with the authority's own words; the others go on. It is sent again by `sendAgain`. An API that the
 * authority lets nothing record waits.
 *
 * What was answered to an accepted request is put on disk a moment after the answer, and shipped like a refusal.
 *
 * @throws TypeError for an authority that is not an origin, and a bound that is not a positive number
 * @example
 * const database = openVerifierDatabase('verifier.sqlite')
 * const auditSink = createAuditShipper({ authority: 'https://authority.example', signer, outbox: database.auditOutbox })
 */
export function createAuditShipper(options: AuditShipperOptions): AuditShipper {
  const shipper = readOptions(options)
  // What an earlier process could not send.
  schedule(shipper, GATHER_MS)
  return {
    record: (entry) => takeRecord(shipper, entry),
    ...(shipper.outcomes && { recordOutcome: (entry) => takeOutcome(shipper, entry) }),
    waiting: () => shipper.outbox.size() + shipper.answered.length,
    dropped: () => shipper.dropped,
    setAside: () => shipper.outbox.setAsideSize(),
    sendAgain: () => {
      const taken = shipper.outbox.takeBack()
      if (taken > 0) schedule(shipper, GATHER_MS)
      return taken
    },
    close: async () => {
      keepOutcomes(shipper)
      shipper.isClosed = true
      shipper.stopTimer?.()
      await shipper.sending
      for (const { reject } of shipper.waiters.splice(0)) reject(new Error('the shipper was closed'))
    },
  }
}

function readOptions(options: AuditShipperOptions): Shipper {
  const { authority, maxWaiting = 100_000, maxSetAside = 10_000, timeoutSeconds = 5 } = options
  checkPositive({ maxWaiting, maxSetAside, timeoutSeconds })
  if (parseSecureUrl(authority, options).origin !== authority) throw new TypeError('authority is an origin')
  return {
    recordBeforeAct: false,
    outcomes: true,
    fetch: globalThis.fetch,
    clock: systemClock,
    random: systemRandomBytes,
    setTimer: systemTimer,
    reportFault: reportFaultToConsole,
    ...options,
    maxWaiting,
    maxSetAside,
    timeoutSeconds,
    waiters: [],
    answered: [],
    sending: undefined,
    stopTimer: undefined,
    failures: 0,
    dropped: 0,
    isClosed: false,
  }
}

function takeRecord(shipper: Shipper, entry: AuditRecord): void | Promise<void> {
  const isAccepted = entry.decision === 'accepted'
  const number = keep(shipper, serializeAuditReport(entry), isAccepted)
  if (number === undefined) return undefined
  if (!isAccepted || !shipper.recordBeforeAct) {
    schedule(shipper, GATHER_MS)
    return undefined
  }
  return new Promise((resolve, reject) => {
    shipper.waiters.push({ number, resolve, reject })
    ship(shipper)
  })
}

/** Nobody waits for it, so those of a moment are put on disk together; of a process that dies before that they are lost. */
function takeOutcome(shipper: Shipper, entry: AuditOutcome): void {
  if (shipper.isClosed) {
    shipper.dropped += 1
    return
  }
  if (shipper.answered.push(serializeOutcomeReport(entry)) > 1) return
  shipper.setTimer(() => {
    // It was closed in the meantime, and put them on disk itself.
    if (shipper.isClosed) return
    keepOutcomes(shipper)
    schedule(shipper, GATHER_MS)
  }, GATHER_MS)
}

function keepOutcomes(shipper: Shipper): void {
  const { outbox, maxWaiting, answered, reportFault } = shipper
  shipper.answered = []
  const kept = answered.slice(0, Math.max(0, maxWaiting - outbox.size()))
  shipper.dropped += answered.length - kept.length
  if (kept.length === 0) return
  try {
    outbox.addAll(kept)
  } catch (cause) {
    shipper.dropped += kept.length
    reportFault(new VerifierError('audit_unavailable', 'outcomes were not recorded', { cause, fault: true }))
  }
}

/** @returns undefined when it was dropped */
function keep(shipper: Shipper, text: string, isAccepted: boolean): number | undefined {
  const { outbox, maxWaiting } = shipper
  if (outbox.size() < maxWaiting) return outbox.add(text, isAccepted)
  const hasRoom = outbox.dropRefusal()
  if (!hasRoom && isAccepted) throw new Error('the outbox is full of records of accepted requests')
  shipper.dropped += 1
  return hasRoom ? outbox.add(text, isAccepted) : undefined
}

function schedule(shipper: Shipper, milliseconds: number): void {
  if (shipper.stopTimer !== undefined || shipper.sending !== undefined || shipper.isClosed) return
  shipper.stopTimer = shipper.setTimer(() => {
    shipper.stopTimer = undefined
    ship(shipper)
  }, milliseconds)
}

/** Never two at once: whoever comes later is sent by the one under way. */
function ship(shipper: Shipper): void {
  if (shipper.sending !== undefined || shipper.isClosed) return
  shipper.stopTimer?.()
  shipper.stopTimer = undefined
  shipper.sending = sendAll(shipper).finally(() => {
    shipper.sending = undefined
    if (shipper.failures > 0) schedule(shipper, retryAfter(shipper.failures))
    else if (shipper.waiters.length > 0) ship(shipper)
    // It came after the last look into the outbox.
    else if (shipper.outbox.size() > 0) schedule(shipper, GATHER_MS)
  })
}

async function sendAll(shipper: Shipper): Promise<void> {
  try {
    for (;;) {
      const batch = shipper.outbox.first(MAX_BATCH, MAX_BATCH_LENGTH)
      if (batch.length === 0 || shipper.isClosed) return
      await shipReports(batch, {
        ...shipper,
        isClosed: () => shipper.isClosed,
        shipped: (upTo) => settle(shipper, upTo),
        refused: (number, cause) => disappoint(shipper, number, cause),
        dropped: () => {
          shipper.dropped += 1
        },
      })
    }
  } catch (cause) {
    shipper.failures += 1
    fail(shipper, cause)
  }
}

function settle(shipper: Shipper, upTo: number): void {
  shipper.failures = 0
  const done = shipper.waiters.filter(({ number }) => number <= upTo)
  shipper.waiters = shipper.waiters.filter(({ number }) => number > upTo)
  for (const { resolve } of done) resolve()
}

/** Who waits for a record that the authority will not take hears that, and nobody else does. */
function disappoint(shipper: Shipper, number: number, cause: Error): void {
  shipper.failures = 0
  const [refused, others] = [[], []] as [Waiter[], Waiter[]]
  for (const waiter of shipper.waiters) (waiter.number === number ? refused : others).push(waiter)
  shipper.waiters = others
  for (const { reject } of refused) reject(cause)
}

/** Who waits for the authority hears at once that it does not have the record. It stays, and is sent later. */
function fail(shipper: Shipper, cause: unknown): void {
  const { waiters, reportFault } = shipper
  shipper.waiters = []
  for (const { reject } of waiters) reject(cause)
  reportFault(
    new VerifierError('audit_unavailable', 'the authority does not take the records', { cause, fault: true }),
  )
}

function retryAfter(failures: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS)
}
