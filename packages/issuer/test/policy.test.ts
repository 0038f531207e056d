import { canonicalizeJson, digestSha256 } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { IssuerError, type Policy, parsePolicy } from '../src/index.ts'

const PERMIT = 'permit (principal, action == Action::"ask-one", resource);'

function parse(text: string): Policy {
  return parsePolicy({ id: 'p', files: [{ name: 'p.cedar', text }] })
}

function refusalOf(run: () => unknown): IssuerError {
  try {
    run()
  } catch (error) {
    if (error instanceof IssuerError) return error
  }
  throw new Error('not refused')
}

describe('a policy', () => {
  const text = `// Never.
@id("admin") @reason("Nobody goes there")
forbid (principal, action, resource is HttpPart)
when { resource.overlaps.contains("/admin/**") };

${PERMIT}
permit (principal, action == Action::"approve-enrolled", resource) when { context.seconds <= 900 };`

  test('is read as it stands', () => {
    const { id, zone, rules } = parse(text)
    expect([id, zone]).toEqual(['p', 'UTC'])
    expect(rules.map((rule) => [rule.id, rule.effect, rule.reason, rule.line, rule.column])).toEqual([
      ['admin', 'forbid', 'Nobody goes there', 2, 1],
      ['p.cedar:6', 'permit', undefined, 6, 1],
      ['p.cedar:7', 'permit', undefined, 7, 1],
    ])
  })

  test('keeps the order of its rules when they are many', () => {
    const rules = Array.from({ length: 25 }, (_, index) => `@id("r${index}") ${PERMIT}`)
    expect(parse(rules.join('\n')).rules.map(({ id }) => id)).toEqual(rules.map((_, index) => `r${index}`))
  })

  test('has a digest over its name, its zone and the text of every file', () => {
    const files = [
      { name: 'b.cedar', text: PERMIT },
      { name: 'a.cedar', text: PERMIT },
    ]
    const policy = parsePolicy({ id: 'p', files })
    expect(policy.document).toEqual({ id: 'p', zone: 'UTC', files: files.toReversed() })
    expect(policy.digest).toBe(digestSha256(canonicalizeJson(policy.document)))
    const others = [
      parsePolicy({ id: 'q', files }),
      parsePolicy({ id: 'p', files, zone: 'Europe/Berlin' }),
      parsePolicy({ id: 'p', files: files.slice(1) }),
      parsePolicy({ id: 'p', files: [...files.slice(1), { name: 'b.cedar', text: `${PERMIT} ` }] }),
    ]
    expect(new Set([policy, ...others].map(({ digest }) => digest)).size).toBe(5)
    expect(parsePolicy({ id: 'p', files: files.toReversed() }).digest).toBe(policy.digest)
  })

  test('knows the patterns and tags that it names, wherever they stand', () => {
    const policy = parse(`
      permit (principal, action, resource is HttpPart)
      when { resource.within.containsAny(["/a", "/b/*"]) && resource.hasTag("body.amount") }
      unless { resource["overlaps"].contains("/c/**") || !(resource.within.contains("/d")) };`)
    expect(policy.patterns).toEqual(['/a', '/b/*', '/c/**', '/d'])
    expect(policy.bounds).toEqual(['body.amount'])
  })

  test.each([
    ['no id', { id: '' }],
    ['an id with a space', { id: 'a b' }],
    ['a zone that is none', { zone: 'Mars/Olympus' }],
    ['no file', { files: [] }],
    ['a file without a rule', { files: [{ name: 'a.cedar', text: '// nothing\n' }] }],
    ['half a character', { files: [{ name: 'a.cedar', text: `// \uD800\n${PERMIT}` }] }],
  ])('is refused with %s', (_name, changes) => {
    const files = [{ name: 'a.cedar', text: PERMIT }]
    const { code } = refusalOf(() => parsePolicy({ id: 'p', files, ...changes }))
    expect(code).toBe('policy_invalid')
  })
})

describe('a policy file is refused with line and column', () => {
  const when = (condition: string, effect = 'forbid'): string =>
    `${effect} (principal, action, resource)\nwhen { ${condition} };`
  const about = (condition: string, effect = 'forbid'): string =>
    `${effect} (principal, action, resource is HttpPart)\nwhen { ${condition} };`

  test.each<[string, string, number, number, string]>([
    ['that ends too early', 'permit (principal', 1, 18, 'unexpected end'],
    ['after characters of several bytes', '// éé 😀\npermit (principal', 2, 18, 'unexpected end'],
    ['of JSON', '{}', 1, 1, 'unexpected token'],
    ['with a template', 'permit (principal == ?principal, action, resource);', 1, 1, 'template'],
    [
      'with an unknown action',
      'permit (principal, action == Action::"ask", resource);',
      1,
      30,
      'did you mean `Action::"ask-',
    ],
    ['with an unknown attribute', when('resource.locatio == "x"'), 2, 8, 'did you mean `location`'],
    ['with the pattern as it was asked', about('resource.path like "/*"'), 2, 8, '`path`'],
    ['with another type', when('context.seconds == "60"'), 2, 8, 'types'],
    ['with an unknown day', when('context.time.weekday == Weekday::"saturday"'), 2, 32, '"sat"'],
    ['with what may be absent', when('context.onBehalfOf.role == "x"'), 2, 8, 'context.onBehalfOf has role'],
    ['with a rule that can never apply', when('1 == 2'), 1, 1, 'impossible'],
    ['with patterns of what has none', when('resource.overlaps.contains("/a")'), 2, 8, 'McpPart'],
    [
      'with two rules of one name',
      `@id("a") ${PERMIT}\n@id("a") ${PERMIT}`,
      2,
      1,
      'taken by the rule at p.cedar:1',
    ],
    ['with an annotation that is none', `@reson("x") ${PERMIT}`, 1, 1, '@reson'],
    ['with an id of two words', `@id("a b") ${PERMIT}`, 1, 1, '@id'],
    ['with a reason that hides its end', `@reason("a\\u{202E}b") ${PERMIT}`, 1, 1, 'bidi'],
    ['with a reason without end', `@reason("${'x'.repeat(501)}") ${PERMIT}`, 1, 1, '500'],
    ['with one part by name', 'permit (principal, action, resource == HttpPart::"x");', 1, 1, 'no name'],
    ['with one part by name inside', when('resource == HttpPart::"x"'), 1, 1, 'no name'],
    ['with a location that none is', when('resource.location == "api.test"'), 1, 1, '"api.test"'],
    ['with an action that none is', when('["GET", "*"].contains(resource.action)'), 1, 1, '"*"'],
    ['with a pattern that is none', about('resource.overlaps.contains("/**/x")'), 1, 1, '"/**/x"'],
    [
      'with a pattern out of the request',
      about('resource.overlaps.contains(context.onBehalfOf.id)'),
      1,
      1,
      'in quotes',
    ],
    ['with patterns compared', about('resource.overlaps == ["/a"]'), 1, 1, 'in quotes'],
    [
      'with patterns asked from the other side',
      about('["/a"].containsAny(resource.overlaps)'),
      1,
      1,
      'in quotes',
    ],
    [
      'with patterns behind another name',
      about('{"a": resource.overlaps}.a.contains("/a")'),
      1,
      1,
      'in quotes',
    ],
    ['with patterns counted', about('!resource.overlaps.isEmpty()'), 1, 1, 'in quotes'],
    ['with a tag of nowhere', about('resource.hasTag("amount")'), 1, 1, '"body.NAME"'],
    ['with a tag out of the request', about('resource.hasTag(context.onBehalfOf.id)'), 1, 1, '"body.NAME"'],
  ])('%s', (_name, text, line, column, words) => {
    const error = refusalOf(() => parse(text))
    expect(error.code).toBe('policy_invalid')
    expect(error.message).toContain(words)
    expect(error.position).toEqual({ file: 'p.cedar', line, column })
    expect(error.message).toContain(`p.cedar:${line}:${column}: `)
  })

  // What covers a request whole permits; what covers some of it forbids. Anything else could be slipped past.
  test.each<[string, string, 'permit' | 'forbid', boolean]>([
    ['what is within', 'resource.within.contains("/a")', 'permit', true],
    ['what is within', 'resource.within.contains("/a")', 'forbid', false],
    ['what overlaps', 'resource.overlaps.contains("/a")', 'forbid', true],
    ['what overlaps', 'resource.overlaps.contains("/a")', 'permit', false],
    ['what is not within', '!resource.within.contains("/a")', 'forbid', true],
    ['what is not within', '!resource.within.contains("/a")', 'permit', false],
    ['what does not overlap', '!resource.overlaps.contains("/a")', 'permit', true],
    ['what does not overlap', '!resource.overlaps.contains("/a")', 'forbid', false],
    ['both in an or', 'principal.enrolled || resource.within.contains("/a")', 'forbid', false],
    ['both in an and', 'principal.enrolled && resource.overlaps.contains("/a")', 'permit', false],
    ['a branch', 'if principal.enrolled then true else resource.within.contains("/a")', 'permit', true],
    ['a branch', 'if principal.enrolled then true else resource.within.contains("/a")', 'forbid', false],
    ['a comparison', 'resource.overlaps.contains("/a") == principal.enrolled', 'forbid', false],
    ['an if', 'if resource.overlaps.contains("/a") then principal.enrolled else true', 'forbid', false],
  ])('%s: %s in a %s', (_name, condition, effect, accepted) => {
    const opposite = `${effect} (principal, action, resource is HttpPart) unless { !(${condition}) };`
    for (const text of [about(condition, effect), opposite]) {
      if (accepted) expect(parse(text).patterns).toEqual(['/a'])
      else expect(refusalOf(() => parse(text)).message).toMatch(/slip past|through here|compared/u)
    }
  })
})
