/** Where a call stands in a distributed trace. */
export interface TraceContext {
  /** 32 hexadecimal digits, lower case. */
  readonly traceId: string
  /** 16 of them: what called. */
  readonly spanId: string
  /** 8 bits; the lowest says that the caller records it. */
  readonly traceFlags: number
}

const NAME = 'traceparent'
const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/u
const NO_TRACE = '0'.repeat(32)
const NO_SPAN = '0'.repeat(16)
const NO_VERSION = 'ff'
const MAX_LENGTH = 128

/**
 * Returns what a `traceparent` says; undefined when it is not valid. Nobody signed it: it is good for finding things
 * again and for no decision.
 *
 * @see W3C Trace Context section 3.2
 */
export function parseTraceparent(text: string): TraceContext | undefined {
  const [, version, traceId, spanId, flags, more] = (text.length <= MAX_LENGTH && FORM.exec(text)) || []
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) {
    return undefined
  }
  const isKnown = version !== NO_VERSION && (version !== '00' || more === undefined)
  if (!isKnown || traceId === NO_TRACE || spanId === NO_SPAN) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) }
}

/**
 * Returns what the header lines of a request say about its trace; undefined without a line, and for more than one.
 *
 * @param fields - names and values, names in any case
 */
export function findTraceContext(fields: Iterable<readonly [string, string]>): TraceContext | undefined {
  let found: string | undefined
  for (const [name, value] of fields) {
    if (name.length !== NAME.length || name.toLowerCase() !== NAME) continue
    if (found !== undefined) return undefined
    found = value
  }
  return found === undefined ? undefined : parseTraceparent(found)
}

/** Returns the `traceparent` that says this. @see W3C Trace Context section 3.2 */
export function formatTraceparent({ traceId, spanId, traceFlags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}
