import { decodeUtf8, encodeUtf8 } from '@behalf/core'
import {
  checkParsePolicySet,
  type DetailedError,
  type PolicyJson,
  policySetTextToParts,
  policyToJson,
  validate,
} from '@cedar-policy/cedar-wasm/nodejs'
import { IssuerError } from './error.ts'
import type { PolicyPosition, PolicyRule } from './policy-rule.ts'
import { POLICY_SCHEMA } from './policy-schema.ts'
import { checkText, TEXT_LIMITS } from './text-rule.ts'

/** One file of a policy. */
export interface PolicyFile {
  /** As errors name it, such as `money.cedar`. */
  readonly name: string
  readonly text: string
}

const RULE_ID = /^[\x21-\x7e]{1,100}$/u
const ANNOTATIONS: readonly string[] = ['id', 'reason']

/**
 * The file is Cedar, agrees with {@link POLICY_SCHEMA}, and each of its rules can apply to something.
 *
 * @returns its rules in order
 * @throws IssuerError `policy_invalid` with the position
 */
export function readPolicyFile(file: PolicyFile): readonly PolicyRule[] {
  const policies = { staticPolicies: file.text }
  const parsed = checkParsePolicySet(policies)
  if (parsed.type === 'failure') throw asRefusal(file, parsed.errors)
  const answer = validate({ schema: POLICY_SCHEMA, policies })
  if (answer.type === 'failure') throw asRefusal(file, answer.errors)
  const { validationErrors, validationWarnings } = answer
  // A rule that can never apply would look like protection and be none, so a warning is an error here.
  const found = [...validationErrors, ...validationWarnings]
  if (found.length > 0)
    throw asRefusal(
      file,
      found.map(({ error }) => error),
    )
  return splitRules(file)
}

function splitRules(file: PolicyFile): readonly PolicyRule[] {
  const parts = policySetTextToParts(file.text)
  if (parts.type === 'failure') throw asRefusal(file, parts.errors)
  // They come in the order of the names policy0, policy1, policy10, policy2 …
  const order = parts.policies.map((_, index) => `policy${index}`).toSorted()
  const texts = parts.policies
    .map((text, index) => ({ text, number: Number(order[index]?.slice('policy'.length)) }))
    .toSorted((left, right) => left.number - right.number)
  let from = 0
  return texts.map(({ text }) => {
    const start = file.text.indexOf(text, from)
    from = start + text.length
    return createRule(text, positionOf(file, start))
  })
}

function createRule(text: string, position: PolicyPosition): PolicyRule {
  const tree = parseRule(text, position)
  const annotations = tree.annotations ?? {}
  const unknown = Object.keys(annotations).find((name) => !ANNOTATIONS.includes(name))
  if (unknown !== undefined) {
    throw refuseAt(position, `@${unknown} is not an annotation of a policy; known here: @id, @reason`)
  }
  const { id = `${position.file}:${position.line}`, reason } = annotations
  if (!RULE_ID.test(id)) throw refuseAt(position, '@id must be 1 to 100 visible ASCII characters')
  return {
    ...position,
    id,
    effect: tree.effect,
    ...(reason !== undefined && { reason: checkReason(reason, position) }),
    text,
    tree,
  }
}

function parseRule(text: string, position: PolicyPosition): PolicyJson {
  const answer = policyToJson(text)
  if (answer.type === 'success') return answer.json
  throw refuseAt(position, 'is not one rule')
}

function checkReason(reason: string, position: PolicyPosition): string {
  try {
    return checkText(reason, { field: '@reason', maxLength: TEXT_LIMITS.reason })
  } catch (cause) {
    throw refuseAt(position, cause instanceof Error ? cause.message : '@reason cannot be shown', cause)
  }
}

/**
 * Returns the refusal of a policy for what stands at a position.
 */
export function refuseAt(position: PolicyPosition, rule: string, cause?: unknown): IssuerError {
  const { file, line, column } = position
  return new IssuerError('policy_invalid', `${file}:${line}:${column}: ${rule}`, {
    position: { file, line, column },
    ...(cause !== undefined && { cause }),
  })
}

function asRefusal(file: PolicyFile, errors: readonly DetailedError[]): IssuerError {
  const [first] = errors
  const [place] = first?.sourceLocations ?? []
  const position = positionOf(file, place === undefined ? 0 : lengthOfBytes(file.text, place.start))
  // Cedar names a rule by its number in the file, which the position tells better.
  const message = first?.message.replace(/^for policy `[^`]*`[,:] /u, '') ?? 'cannot be read'
  const hints = [place?.label, first?.help].flatMap((hint) => (hint ? [hint] : []))
  return refuseAt(position, [message, ...hints].join('; '))
}

/** Cedar counts in bytes of UTF-8. */
function lengthOfBytes(text: string, bytes: number): number {
  return decodeUtf8(encodeUtf8(text).subarray(0, bytes)).length
}

function positionOf({ name, text }: PolicyFile, offset: number): PolicyPosition {
  const lines = text.slice(0, offset).split('\n')
  return { file: name, line: lines.length, column: Array.from(lines.at(-1) ?? '').length + 1 }
}
