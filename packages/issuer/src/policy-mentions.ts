import { isJsonObject, type JsonValue } from '@behalf/core'
import { parseCapabilities } from '@behalf/credential'
import type { PolicyRule } from './policy-rule.ts'
import { refuseAt } from './read-policy-file.ts'

/** What the rules of a policy name, so that it is computed for them. */
export interface PolicyMentions {
  /** Path patterns, as in a capability. */
  readonly patterns: readonly string[]
  /** Tags, such as `body.amount`. */
  readonly bounds: readonly string[]
}

/** Whether what is looked at must be true (1) or false (-1) for its rule to apply; 0 when both may be. */
type Polarity = 1 | -1 | 0

interface Walk {
  readonly rule: PolicyRule
  readonly patterns: Set<string>
  readonly bounds: Set<string>
}

const SET_TESTS: readonly string[] = ['contains', 'containsAny', 'containsAll']
const TAG = /^(?:body|query|arguments)\.[^\s].*$/u
const PART_TYPES: readonly JsonValue[] = ['HttpPart', 'McpPart']

/**
 * Returns the path patterns and tags that the rules name, when no rule can be slipped past by asking for more: a rule
 * permits only by what covers a request whole, and forbids by what covers some of it; patterns, tags, locations and
 * actions are literals that a request could have.
 *
 * @throws IssuerError `policy_invalid` with the position of the rule
 */
export function collectMentions(rules: readonly PolicyRule[]): PolicyMentions {
  const patterns = new Set<string>()
  const bounds = new Set<string>()
  for (const rule of rules) {
    const walk = { rule, patterns, bounds }
    checkScope(walk)
    for (const { kind, body } of rule.tree.conditions) {
      visitCondition(walk, body as JsonValue, kind === 'when' ? 1 : -1)
    }
  }
  return { patterns: [...patterns], bounds: [...bounds] }
}

function checkScope({ rule }: Walk): void {
  const { resource } = rule.tree
  if (resource.op === 'All' || (resource.op === 'is' && resource.in === undefined)) return
  throw refuseAt(rule, 'a part of a request has no name: say "resource" or "resource is HttpPart"')
}

function visitCondition(walk: Walk, node: JsonValue, polarity: Polarity): void {
  const { operator, operand } = readNode(node)
  if (operator === '&&' || operator === '||') {
    visitCondition(walk, member(operand, 'left'), polarity)
    visitCondition(walk, member(operand, 'right'), polarity)
  } else if (operator === '!') {
    visitCondition(walk, member(operand, 'arg'), flip(polarity))
  } else if (operator === 'if-then-else') {
    visitCondition(walk, member(operand, 'if'), 0)
    visitCondition(walk, member(operand, 'then'), polarity)
    visitCondition(walk, member(operand, 'else'), polarity)
  } else {
    visitTest(walk, node, polarity)
  }
}

function visitTest(walk: Walk, node: JsonValue, polarity: Polarity): void {
  const { operator, operand } = readNode(node)
  const attribute = attributeOf(member(operand, 'left'))
  if (SET_TESTS.includes(operator) && isPatternSet(attribute)) {
    checkDirection(walk.rule, attribute, polarity)
    readPatterns(walk, member(operand, 'right'))
    return
  }
  if (isPatternSet(attributeOf(node))) throw refuseAt(walk.rule, PATTERN_RULE)
  checkNames(walk.rule, operator, operand)
  const isTagTest = operator === 'hasTag' || operator === 'getTag'
  // The claims of a workload are what they are; what is bounded is computed for the rules that ask.
  if (isTagTest && attributeOf(member(operand, 'left')) !== 'workload')
    readTag(walk, member(operand, 'right'))
  for (const child of childrenOf(operator, operand)) visitCondition(walk, child, 0)
}

const PATTERN_RULE =
  'resource.within and resource.overlaps are asked with contains, containsAny or containsAll and path patterns in quotes'

function checkDirection(rule: PolicyRule, attribute: 'within' | 'overlaps', polarity: Polarity): void {
  const permits = rule.effect === 'permit' ? polarity : flip(polarity)
  if (permits === (attribute === 'within' ? 1 : -1)) return
  const advice =
    attribute === 'within'
      ? 'resource.within would let a request for more slip past here; ask resource.overlaps'
      : 'resource.overlaps would let a request for more through here; ask resource.within'
  throw refuseAt(
    rule,
    polarity === 0 ? `resource.${attribute} must not be compared or be an if: use &&, || and !` : advice,
  )
}

function readPatterns(walk: Walk, node: JsonValue): void {
  for (const text of literalsOf(node) ?? [undefined]) {
    if (text === undefined) throw refuseAt(walk.rule, PATTERN_RULE)
    if (!couldBe('paths', text)) throw refuseAt(walk.rule, `${JSON.stringify(text)} is not a path pattern`)
    walk.patterns.add(text)
  }
}

function readTag(walk: Walk, node: JsonValue): void {
  const [text] = literalsOf(node) ?? []
  if (text === undefined || !TAG.test(text)) {
    throw refuseAt(walk.rule, 'a tag is "body.NAME", "query.NAME" or "arguments.NAME", in quotes')
  }
  walk.bounds.add(text)
}

/** A location or action that no request has would look like protection and be none. */
function checkNames(rule: PolicyRule, operator: string, operand: JsonValue): void {
  const [left, right] = [member(operand, 'left'), member(operand, 'right')]
  const entity = operator === 'Value' ? member(member(operand, '__entity'), 'type') : null
  if (PART_TYPES.includes(entity)) throw refuseAt(rule, 'a part of a request has no name')
  if (operator !== '==' && operator !== '!=' && operator !== 'contains') return
  for (const [side, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const list = LISTS.get(attributeOf(side))
    const wrong = list && literalsOf(other)?.find((text) => !couldBe(list, text))
    if (wrong !== undefined)
      throw refuseAt(rule, `${JSON.stringify(wrong)} is none of the ${list} that a request has`)
  }
}

type ListName = 'locations' | 'actions' | 'paths'

const LISTS: ReadonlyMap<string | undefined, ListName> = new Map([
  ['location', 'locations'],
  ['action', 'actions'],
])

function couldBe(name: ListName, text: string): boolean {
  try {
    parseCapabilities([{ type: 'http', locations: [], actions: [], paths: [], [name]: [text] }])
    return true
  } catch {
    return false
  }
}

// Cedar's JSON form of an expression: an object with one member, the operator, and its operands inside.
function readNode(node: JsonValue): { readonly operator: string; readonly operand: JsonValue } {
  const [entry] = isJsonObject(node) ? Object.entries(node) : []
  return { operator: entry?.[0] ?? '', operand: entry?.[1] ?? null }
}

function childrenOf(operator: string, operand: JsonValue): readonly JsonValue[] {
  // A value has no expression inside.
  if (operator === 'Value' || operator === 'Var') return []
  if (Array.isArray(operand)) return operand
  return isJsonObject(operand) ? Object.values(operand).filter(isJsonObject) : []
}

/** The name in `resource.name`. */
function attributeOf(node: JsonValue): string | undefined {
  const { operator, operand } = readNode(node)
  const attribute = operator === '.' ? member(operand, 'attr') : null
  return typeof attribute === 'string' ? attribute : undefined
}

function isPatternSet(attribute: string | undefined): attribute is 'within' | 'overlaps' {
  return attribute === 'within' || attribute === 'overlaps'
}

/** The texts of a literal, or of a set of literals; undefined when it is anything else. */
function literalsOf(node: JsonValue): readonly string[] | undefined {
  const { operator, operand } = readNode(node)
  if (operator === 'Value' && typeof operand === 'string') return [operand]
  if (operator !== 'Set' || !Array.isArray(operand)) return undefined
  const texts = operand.map((element) => literalsOf(element)?.[0])
  return texts.every((text) => text !== undefined) ? texts : undefined
}

function member(value: JsonValue, name: string): JsonValue {
  return isJsonObject(value) ? (value[name] ?? null) : null
}

function flip(polarity: Polarity): Polarity {
  return polarity === 0 ? 0 : polarity === 1 ? -1 : 1
}
