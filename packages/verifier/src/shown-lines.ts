import { createBoundedMap } from '@behalf/core'
import type { FieldIndex } from '@behalf/http-signature'
import { type ChainCacheOptions, DEFAULT_MAX_BYTES, DEFAULT_MAX_ENTRIES } from './verified-chains.ts'

/** The text of everything that a request shows its delegations in. */
export interface ShownLines {
  /** Of the signature that covers Signature-Key. */
  readonly label: string
  readonly signatureKey: string | undefined
  readonly delegationChain: string | undefined
}

/** What agents showed last and what it was read as. */
export interface KnownLines<Reading> {
  /**
   * What exactly these lines were read as when this agent showed them last.
   *
   * @param agent as its signature spells it
   */
  find(agent: string, lines: ShownLines): Reading | undefined
  /** Remembers it in place of what the agent showed before. */
  keep(agent: string, lines: ShownLines, reading: Reading): void
}

/** The lines of a request, each of which occurs once. */
export function readShownLines({ values }: FieldIndex, label: string): ShownLines {
  return {
    label,
    signatureKey: values.get('signature-key'),
    delegationChain: values.get('delegation-chain'),
  }
}

/**
 * Remembers one reading for each agent: to compare two long lines takes a tenth of the time of parsing and hashing
 * them, and an agent shows the same ones until its delegation is renewed.
 *
 * @param options bounds on agents and on all their lines together, those of the chains; `off` to remember nothing
 */
export function createKnownLines<Reading>(options: ChainCacheOptions | 'off'): KnownLines<Reading> {
  if (options === 'off') return { find: () => undefined, keep: () => undefined }
  const { maxEntries = DEFAULT_MAX_ENTRIES, maxBytes = DEFAULT_MAX_BYTES } = options
  const entries = createBoundedMap<{ readonly lines: ShownLines; readonly reading: Reading }>(maxEntries, {
    maxWeight: maxBytes,
    weigh: ({ lines }) => (lines.signatureKey?.length ?? 0) + (lines.delegationChain?.length ?? 0),
  })
  return {
    find(agent, lines) {
      const entry = entries.get(agent)
      return entry !== undefined && areEqual(entry.lines, lines) ? entry.reading : undefined
    },
    keep: (agent, lines, reading) => entries.set(agent, { lines, reading }),
  }
}

function areEqual(one: ShownLines, other: ShownLines): boolean {
  return (
    one.label === other.label &&
    one.signatureKey === other.signatureKey &&
    one.delegationChain === other.delegationChain
  )
}
