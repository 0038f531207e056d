import {
  canonicalizeJson,
  digestSha256,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
} from '@behalf/core'
import { parseCapabilities } from '@behalf/credential'
import type { PolicyEffect } from './delegation-request.ts'
import { IssuerError } from './error.ts'

/** One rule: what it is about, and what becomes of requests for that. An absent member means *any*. */
export interface PolicyRule {
  readonly effect: PolicyEffect
  readonly locations?: readonly string[]
  readonly actions?: readonly string[]
  /** Path patterns as in a capability; a rule with paths is about `http` capabilities only. */
  readonly paths?: readonly string[]
  /** The rule is about requests for at most this many seconds. Never on a `refuse`. */
  readonly maxSeconds?: number
  /** Shown to who is refused or asked. */
  readonly reason?: string
}

/** A checked policy. */
export interface Policy {
  readonly id: string
  readonly rules: readonly PolicyRule[]
  readonly default: PolicyEffect
  /** `sha-256:…` of the JCS form, so that spacing does not matter. */
  readonly digest: string
  /** What the digest is over. */
  readonly document: JsonObject
}

const EFFECTS: readonly PolicyEffect[] = ['refuse', 'ask', 'approve-enrolled']
const MAX_RULES = 200
const MAX_ENTRIES = 100

type ListName = 'locations' | 'actions' | 'paths'

/**
 * The text is a policy that means what it says: every member known, every list non-empty, every pattern in the
 * grammar of capabilities.
 *
 * @param text - the policy file, JSON
 * @returns the policy with its digest
 * @throws IssuerError `policy_invalid`, naming the place, such as `rules[2].effect`
 */
export function parsePolicy(text: string): Policy {
  const document = readDocument(text)
  refuseUnknown(document, ['id', 'rules', 'default'], '')
  const { id, rules, default: byDefault } = document
  if (typeof id !== 'string' || !/^[\x21-\x7e]{1,100}$/u.test(id)) {
    throw invalid('id', 'must be 1 to 100 visible ASCII characters')
  }
  if (!Array.isArray(rules)) throw invalid('rules', 'must be an array')
  if (rules.length > MAX_RULES) throw invalid('rules', `must have at most ${MAX_RULES} entries`)
  return {
    id,
    rules: rules.map((rule, index) => parseRule(rule, `rules[${index}]`)),
    default: parseEffect(byDefault, 'default'),
    digest: digestSha256(canonicalizeJson(document)),
    document,
  }
}

function readDocument(text: string): JsonObject {
  let value: JsonValue
  try {
    value = parseJson(text)
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : ''
    throw new IssuerError('policy_invalid', `The policy is not JSON that reads in one way only: ${detail}`, {
      cause,
    })
  }
  if (!isJsonObject(value)) throw invalid('', 'must be an object')
  return value
}

function parseRule(value: JsonValue, at: string): PolicyRule {
  if (!isJsonObject(value)) throw invalid(at, 'must be an object')
  refuseUnknown(value, ['effect', 'locations', 'actions', 'paths', 'max_seconds', 'reason'], at)
  const effect = parseEffect(value.effect, `${at}.effect`)
  const locations = parseList(value, 'locations', at)
  const actions = parseList(value, 'actions', at)
  const paths = parseList(value, 'paths', at)
  const maxSeconds = parseMaxSeconds(value.max_seconds, effect, `${at}.max_seconds`)
  const reason = parseReason(value.reason, `${at}.reason`)
  return {
    effect,
    ...(locations && { locations }),
    ...(actions && { actions }),
    ...(paths && { paths }),
    ...(maxSeconds !== undefined && { maxSeconds }),
    ...(reason !== undefined && { reason }),
  }
}

function parseEffect(value: JsonValue | undefined, at: string): PolicyEffect {
  const effect = EFFECTS.find((known) => known === value)
  if (effect === undefined)
    throw invalid(at, `must be one of ${EFFECTS.map((name) => `"${name}"`).join(', ')}`)
  return effect
}

function parseList(rule: JsonObject, name: ListName, at: string): readonly string[] | undefined {
  const value = rule[name]
  if (value === undefined) return undefined
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_ENTRIES) {
    throw invalid(`${at}.${name}`, `must be an array of 1 to ${MAX_ENTRIES} texts; leave it out to mean any`)
  }
  return value.map((text, index) => {
    if (typeof text === 'string' && couldBeIn(name, text)) return text
    throw invalid(`${at}.${name}[${index}]`, 'is not a value that a capability could have')
  })
}

/** A rule that no capability could ever match would look like protection and be none. */
function couldBeIn(name: ListName, text: string): boolean {
  try {
    parseCapabilities([{ type: 'http', locations: [], actions: [], paths: [], [name]: [text] }])
    return true
  } catch {
    return false
  }
}

function parseMaxSeconds(value: JsonValue | undefined, effect: PolicyEffect, at: string): number | undefined {
  if (value === undefined) return undefined
  if (effect === 'refuse') {
    // It would refuse short requests and let long ones pass: the opposite of what its author meant.
    throw invalid(
      at,
      'has no meaning in a "refuse" rule: put it on the rule that allows, and refuse after it',
    )
  }
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
    throw invalid(at, 'must be a whole number of seconds, at least 1')
  }
  return value
}

function parseReason(value: JsonValue | undefined, at: string): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value.length > 500)
    throw invalid(at, 'must be a text of at most 500 characters')
  return value
}

function refuseUnknown(value: JsonObject, known: readonly string[], at: string): void {
  const unknown = Object.keys(value).find((name) => !known.includes(name))
  if (unknown === undefined) return
  const place = at === '' ? unknown : `${at}.${unknown}`
  throw invalid(place, `is not a member of a policy; known here: ${known.join(', ')}`)
}

function invalid(at: string, rule: string): IssuerError {
  const place = at === '' ? 'The policy' : `The policy's ${at}`
  return new IssuerError('policy_invalid', `${place} ${rule}`, at === '' ? {} : { field: at })
}
