import { canonicalizeJson, digestSha256, type JsonObject } from '@behalf/core'
import { readLocalTime } from '@behalf/credential'
import { preparsePolicySet } from '@cedar-policy/cedar-wasm/nodejs'
import { IssuerError } from './error.ts'
import { collectMentions, type PolicyMentions } from './policy-mentions.ts'
import type { PolicyRule } from './policy-rule.ts'
import { type PolicyFile, readPolicyFile, refuseAt } from './read-policy-file.ts'

/** What a policy is read from. */
export interface PolicySource {
  /** The policy's name, 1 to 100 visible ASCII characters. */
  readonly id: string
  readonly files: readonly PolicyFile[]
  /** The IANA zone of the hours and days that rules ask about. Default `UTC`. */
  readonly zone?: string
}

/** A checked policy. */
export interface Policy extends PolicyMentions {
  readonly id: string
  readonly zone: string
  /** In the order of the files' names, and in each file from top to bottom. */
  readonly rules: readonly PolicyRule[]
  /** `sha-256:…` of the JCS form of `document`. */
  readonly digest: string
  /** All that decides: `id`, `zone` and the text of every file. */
  readonly document: JsonObject
}

const POLICY_ID = /^[\x21-\x7e]{1,100}$/u

/**
 * The text is a policy in Cedar that means what it says: it agrees with `POLICY_SCHEMA`, every rule can apply, and none
 * can be slipped past by asking for more.
 *
 * @param source - see `PolicySource`
 * @returns the policy with its digest
 * @throws IssuerError `policy_invalid`, with the `position` where a file is wrong
 * @see https://docs.cedarpolicy.com
 */
export function parsePolicy(source: PolicySource): Policy {
  const { id, zone = 'UTC' } = source
  if (!POLICY_ID.test(id)) throw invalid("The policy's id must be 1 to 100 visible ASCII characters")
  if (readLocalTime(zone, 0) === undefined) throw invalid("The policy's zone must be an IANA time zone")
  const files = source.files.toSorted((left, right) => (left.name < right.name ? -1 : 1))
  const rules = files.flatMap(readRules)
  if (rules.length === 0) throw invalid('The policy has no rule, so it would refuse everything')
  checkIds(rules)
  const document = createDocument({ id, zone, files })
  const digest = digestSha256(canonicalizeJson(document))
  const policy = { id, zone, rules, digest, document, ...collectMentions(rules) }
  prepare(policy)
  return policy
}

function readRules(file: PolicyFile): readonly PolicyRule[] {
  if (!file.text.isWellFormed()) throw invalid(`${file.name} must be text in UTF-8`)
  return readPolicyFile(file)
}

function checkIds(rules: readonly PolicyRule[]): void {
  const seen = new Map<string, PolicyRule>()
  for (const rule of rules) {
    const first = seen.get(rule.id)
    if (first) throw refuseAt(rule, `@id("${rule.id}") is taken by the rule at ${first.file}:${first.line}`)
    seen.set(rule.id, rule)
  }
}

function createDocument({ id, zone, files }: Required<PolicySource>): JsonObject {
  return { id, zone, files: files.map(({ name, text }) => ({ name, text })) }
}

// Cedar keeps what it parsed under this name, so that a decision need not parse it again.
function prepare({ digest, rules }: Policy): void {
  const staticPolicies = Object.fromEntries(rules.map(({ id, text }) => [id, text]))
  const prepared = preparsePolicySet(digest, { staticPolicies })
  if (prepared.type === 'failure') throw invalid('The policy cannot be prepared')
}

function invalid(message: string): IssuerError {
  return new IssuerError('policy_invalid', message)
}
