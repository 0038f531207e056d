import type { JsonObject } from '@behalf/core'
import { readInteger, readObjects, readText, readTexts } from './answer.ts'

/** How many verifiers know. */
export interface ConfirmationCounts {
  /** That follow the stream now. */
  readonly connected: number
  /** Of those, how many said that they hold the heartbeat or a later one. */
  readonly confirmed: number
  /** Those of them that proved which API they are. */
  readonly apis: readonly ApiConfirmation[]
}

/** How many processes of an API follow the stream, and how many of them said that they know. */
export interface ApiConfirmation {
  /** Of the key that an operator registered. */
  readonly did: string
  readonly origins: readonly string[]
  readonly connected: number
  readonly confirmed: number
}

/** The counts in an answer about confirmations. */
export function readConfirmations(answer: JsonObject): ConfirmationCounts {
  return {
    connected: readInteger(answer, 'connected'),
    confirmed: readInteger(answer, 'confirmed'),
    apis: readObjects(answer, 'apis').map((api) => ({
      did: readText(api, 'did'),
      origins: readTexts(api, 'origins'),
      connected: readInteger(api, 'connected'),
      confirmed: readInteger(api, 'confirmed'),
    })),
  }
}
