import { encodeUtf8 } from '@behalf/core'
import { AuthorityError } from '../error.ts'
import type { Confirmations } from './confirmations.ts'
import type { StatusFeed } from './status-feed.ts'

/** How much readers of the stream may take up. */
export interface StatusStreamLimits {
  /** Streams of one address at a time. Default 1,000. */
  readonly perAddress: number
  /** Streams at a time. Default 10,000. */
  readonly inTotal: number
  /** Bytes that wait for one reader. Default 131,072. */
  readonly bufferBytes: number
}

/** Opens streams of what is published. */
export interface StatusStreams {
  /**
   * A stream of server-sent events, for one reader.
   *
   * @param reader.address - of whoever reads, as far as it is known
   * @param reader.lastSequence - of the heartbeat that it saw last
   * @throws AuthorityError `rate_limited`
   */
  open(reader: {
    readonly address: string
    readonly lastSequence: number | undefined
  }): ReadableStream<Uint8Array>
}

/** What streams are made of. */
export interface StatusStreamsOptions {
  readonly feed: StatusFeed
  readonly confirmations: Confirmations
  readonly limits: StatusStreamLimits
  /** From one sign of life to the next. */
  readonly pingSeconds: number
}

/** Bounds that hold for an authority that names none. */
export const DEFAULT_STREAM_LIMITS: StatusStreamLimits = {
  perAddress: 1000,
  inTotal: 10_000,
  bufferBytes: 131_072,
}

const PING = encodeUtf8(': still here\n\n')

/**
 * Streams of one feed. A reader for whom more than the bound is waiting is cut off: it comes back with Last-Event-ID
 * and is told what it missed, and nobody else waits for it.
 */
export function createStatusStreams(options: StatusStreamsOptions): StatusStreams {
  const { feed, confirmations, limits, pingSeconds } = options
  const places = createPlaces(limits)
  return {
    open: ({ address, lastSequence }) => {
      const leave = places.take(address)
      let end = leave
      const strategy = new ByteLengthQueuingStrategy({ highWaterMark: limits.bufferBytes })
      return new ReadableStream<Uint8Array>(
        {
          start: (controller) => {
            end = attach(controller, { feed, confirmations, lastSequence, pingSeconds, leave })
          },
          cancel: () => end(),
        },
        strategy,
      )
    },
  }
}

interface Attachment {
  readonly feed: StatusFeed
  readonly confirmations: Confirmations
  readonly lastSequence: number | undefined
  readonly pingSeconds: number
  readonly leave: () => void
}

/** Writes to the stream until it is called off, the feed is closed, or the reader is too slow. */
function attach(
  controller: ReadableStreamDefaultController<Uint8Array>,
  { feed, confirmations, lastSequence, pingSeconds, leave }: Attachment,
): () => void {
  let isOpen = true
  const end = (): void => {
    if (!isOpen) return
    isOpen = false
    clearInterval(pings)
    subscription.unsubscribe()
    reader.leave()
    leave()
  }
  const write = (events: Uint8Array): void => {
    if (!isOpen) return
    if ((controller.desiredSize ?? 0) > 0) {
      controller.enqueue(events)
      return
    }
    end()
    controller.error(new Error('the reader is too slow'))
  }
  const close = (): void => {
    if (!isOpen) return
    end()
    controller.close()
  }
  const pings = setInterval(() => write(PING), pingSeconds * 1000)
  const subscription = feed.subscribe({ write, end: close }, lastSequence)
  const reader = confirmations.join((sequence) => write(encodeUtf8(`event: confirm\ndata: ${sequence}\n\n`)))
  controller.enqueue(encodeUtf8(`event: subscriber\ndata: ${reader.subscriber}\n\n`))
  controller.enqueue(subscription.missed)
  return end
}

interface Places {
  /** @returns gives the place back */
  take(address: string): () => void
}

function createPlaces({ perAddress, inTotal }: StatusStreamLimits): Places {
  const taken = new Map<string, number>()
  let total = 0
  return {
    take: (address) => {
      const own = taken.get(address) ?? 0
      if (own >= perAddress) throw new AuthorityError('rate_limited', 'Too many streams of one address')
      if (total >= inTotal) throw new AuthorityError('rate_limited', 'Too many streams')
      taken.set(address, own + 1)
      total += 1
      let isTaken = true
      return () => {
        if (!isTaken) return
        isTaken = false
        total -= 1
        const left = (taken.get(address) ?? 1) - 1
        if (left === 0) taken.delete(address)
        else taken.set(address, left)
      }
    },
  }
}
