import {
  type Clock,
  createBoundedMap,
  decodeBase64url,
  encodeBase64url,
  encodeUtf8,
  hmacSha256,
  isJsonObject,
  type JsonObject,
  parseJson,
  type RandomBytes,
} from '@behalf/core'
import { isSameSecret } from './secret-code.ts'

/** What anybody may begin. */
export type TicketPurpose = 'login' | 'oidc'

/**
 * Ceremonies that anybody may begin: the caller holds all there is to know of one, sealed, and nothing is kept here
 * until it is answered. So however many are begun, none is in the way of another.
 */
export interface Tickets {
  /**
   * Returns a ticket, good for one answer within its time.
   *
   * @param data - comes back with the answer; whoever has the ticket can read it
   */
  issue(purpose: TicketPurpose, data: JsonObject): string
  /** Returns 256 bits that nobody can know who only has the ticket; another name gives others. */
  derive(ticket: string, name: string): string
  /**
   * Returns what the ticket was issued with; here it is used up, whatever its answer is worth.
   *
   * @returns undefined for what was not issued here for this purpose, is over or was used
   */
  redeem(ticket: string, purpose: TicketPurpose): JsonObject | undefined
}

const NONCE_BYTES = 16

/** Returns tickets under a key: those under another are none. */
export function createTickets(options: {
  readonly clock: Clock
  readonly random: RandomBytes
  readonly seconds: number
  /** Whoever has the same key takes these tickets, too: another process, or this one after a restart. 32 bytes. */
  readonly key: Uint8Array
  /** How many that were answered are remembered; those that led to something, see `settleTicket`. Default 100,000. */
  readonly maxAnswered?: number
}): Tickets {
  const { clock, random, seconds, key, maxAnswered = 100_000 } = options
  const answered = createBoundedMap<true>(maxAnswered)
  const seal = (text: string): string => encodeBase64url(hmacSha256(key, encodeUtf8(text)))
  return {
    issue: (purpose, data) => {
      const nonce = encodeBase64url(random(NONCE_BYTES))
      const content = { purpose, data, nonce, expires_at: clock() + seconds * 1000 }
      const body = encodeBase64url(encodeUtf8(JSON.stringify(content)))
      return `${body}.${seal(`ticket ${body}`)}`
    },
    derive: (ticket, name) => seal(`${name} ${ticket}`),
    redeem: (ticket, purpose) => {
      const [body = '', given = '', ...more] = ticket.split('.')
      if (more.length > 0 || !isSameSecret(given, seal(`ticket ${body}`))) return undefined
      const content = parseJson(decodeBase64url(body))
      if (!isJsonObject(content) || content.purpose !== purpose || !isJsonObject(content.data))
        return undefined
      if (!(Number(content.expires_at) > clock()) || answered.get(given)) return undefined
      answered.set(given, true)
      return content.data
    },
  }
}
