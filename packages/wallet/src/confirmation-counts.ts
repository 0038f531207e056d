import type { JsonObject } from '@behalf/core'
import { readInteger, readObject, readObjects, readText, readTexts } from './answer.ts'

/** How many verifiers know. */
export interface ConfirmationCounts extends ReaderCounts {
  /** The APIs whose processes are counted. */
  readonly apis: readonly ApiConfirmation[]
  /** Whoever else follows the stream and proved no key, which anybody may. */
  readonly unproven: ReaderCounts
}

/** How many follow the stream. */
export interface ReaderCounts {
  /** That follow the stream now. */
  readonly connected: number
  /** Of those, how many said that they hold the heartbeat or a later one. */
  readonly confirmed: number
}

/** How many processes of an API follow the stream, and how many of them said that they know. */
export interface ApiConfirmation extends ReaderCounts {
  /** Of the key that an operator registered. */
  readonly did: string
  readonly origins: readonly string[]
}

/** The counts in an answer about confirmations. */
export function readConfirmations(answer: JsonObject): ConfirmationCounts {
  return {
    ...readCounts(answer),
    apis: readObjects(answer, 'apis').map((api) => ({
      did: readText(api, 'did'),
      origins: readTexts(api, 'origins'),
      ...readCounts(api),
    })),
    unproven: readCounts(readObject(answer, 'unproven')),
  }
}

function readCounts(counts: JsonObject): ReaderCounts {
  return { connected: readInteger(counts, 'connected'), confirmed: readInteger(counts, 'confirmed') }
}
