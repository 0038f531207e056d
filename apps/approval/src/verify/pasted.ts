import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@behalf/core'

/** What somebody pasted, taken apart; nothing of it is verified. */
export interface Pasted {
  /** Compact JWS, root first; empty when there was only evidence. */
  readonly links: readonly string[]
  readonly evidence?: JsonObject
}

const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/u
const EVIDENCE_TYPE = 'behalf-approval-evidence'
const MAX_CHARACTERS = 200_000

/**
 * Takes apart a delegation (compact JWS), a bundle (`chain`), what an agent collected (`delegation`, `chain`,
 * `evidence`) or evidence alone.
 *
 * @returns undefined when it is none of them
 * @throws CoreError `json_malformed`, `json_ambiguous`
 */
export function parsePasted(text: string): Pasted | undefined {
  const trimmed = text.trim()
  if (trimmed.length > MAX_CHARACTERS) return undefined
  if (COMPACT_JWS.test(trimmed)) return { links: [trimmed] }
  if (!trimmed.startsWith('{')) return undefined
  const value = parseJson(trimmed)
  return isJsonObject(value) ? readObject(value) : undefined
}

function readObject(value: JsonObject): Pasted | undefined {
  if (value.type === EVIDENCE_TYPE) return { links: [], evidence: value }
  const { chain, delegation, evidence } = value
  const links = isTexts(chain) ? chain : isText(delegation) ? [delegation] : undefined
  if (links === undefined || links.length === 0) return undefined
  return { links, ...(isJsonObject(evidence) && { evidence }) }
}

function isTexts(value: JsonValue | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every(isText)
}

function isText(value: JsonValue | undefined): value is string {
  return typeof value === 'string'
}
