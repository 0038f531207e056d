import { describe, expect, test } from 'vitest'
import { type Arguments, type OptionSpecs, parseArguments } from '../src/arguments.ts'

const OPTIONS = {
  json: { kind: 'flag', help: 'a flag' },
  purpose: { kind: 'text', value: 'TEXT', help: 'a text' },
  minutes: { kind: 'text', value: 'N', help: 'a number' },
  allow: { kind: 'list', value: 'RULE', help: 'a list' },
} as const satisfies OptionSpecs

function parse(...argv: string[]): Arguments {
  return parseArguments(argv, { options: OPTIONS, positionals: ['ID', 'FILE?'] })
}

function refusal(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}

describe('a command line that is understood', () => {
  test('gives positionals, flags, texts and lists by their names', () => {
    const args = parse('abc', '--json', '--purpose', 'read', '--allow', 'one', '--allow=two', 'file.json')
    expect(args.argument('ID')).toBe('abc')
    expect(args.optionalArgument('FILE')).toBe('file.json')
    expect(args.flag('json')).toBe(true)
    expect(args.text('purpose')).toBe('read')
    expect(args.required('purpose')).toBe('read')
    expect(args.list('allow')).toEqual(['one', 'two'])
  })

  test('leaves out what was not given', () => {
    const args = parse('abc')
    expect(args.optionalArgument('FILE')).toBeUndefined()
    expect(args.flag('json')).toBe(false)
    expect(args.text('purpose')).toBeUndefined()
    expect(args.list('allow')).toEqual([])
    expect(args.count('minutes', { min: 1, max: 9 })).toBeUndefined()
  })

  test('takes everything after -- as positionals', () => {
    expect(parse('--', '--json').argument('ID')).toBe('--json')
  })

  test('keeps a text as it was written, also one that looks like a number', () => {
    expect(parse('abc', '--purpose', '007').text('purpose')).toBe('007')
  })

  test('takes a value that begins with a dash when it is joined by =', () => {
    expect(parse('abc', '--purpose=-x').text('purpose')).toBe('-x')
  })

  test('reads whole numbers up to both bounds', () => {
    expect(parse('abc', '--minutes', '1').count('minutes', { min: 1, max: 60 })).toBe(1)
    expect(parse('abc', '--minutes', '60').count('minutes', { min: 1, max: 60 })).toBe(60)
  })
})

describe('what stands after --', () => {
  const parseWith = (takesRest: boolean, ...argv: string[]): Arguments =>
    parseArguments(argv, { options: OPTIONS, positionals: ['ID', 'FILE?'], takesRest })

  test('is somebody else’s command line, where the command takes one', () => {
    const args = parseWith(true, 'abc', '--json', '--', 'node', '--json', '--colour', '--', 'x')
    expect(args.rest()).toEqual(['node', '--json', '--colour', '--', 'x'])
    expect(args.optionalArgument('FILE')).toBeUndefined()
    expect(parseWith(true, 'abc').rest()).toEqual([])
  })

  test('is arguments everywhere else', () => {
    const args = parseWith(false, 'abc', '--', '--file')
    expect(args.optionalArgument('FILE')).toBe('--file')
    expect(() => args.rest()).toThrow(TypeError)
  })
})

describe('a command line that is not', () => {
  test.each<{ name: string; argv: string[]; message: RegExp }>([
    { name: 'an unknown option', argv: ['abc', '--colour'], message: /no option "--colour"/ },
    { name: 'a short option', argv: ['abc', '-j'], message: /no option "-j"/ },
    {
      name: 'a member of every object',
      argv: ['abc', '--constructor'],
      message: /no option "--constructor"/,
    },
    {
      name: 'a text given twice',
      argv: ['abc', '--purpose', 'a', '--purpose', 'b'],
      message: /--purpose is given twice/,
    },
    { name: 'a flag given twice', argv: ['abc', '--json', '--json'], message: /--json is given twice/ },
    { name: 'a flag with a value', argv: ['abc', '--json=no'], message: /--json takes no value/ },
    { name: 'an option without its value', argv: ['abc', '--purpose'], message: /--purpose needs a value/ },
    {
      name: 'an option with an empty value',
      argv: ['abc', '--purpose', ''],
      message: /--purpose needs a value/,
    },
    {
      name: 'an option in the place of a value',
      argv: ['abc', '--purpose', '--json'],
      message: /followed by an option/,
    },
    { name: 'a missing argument', argv: [], message: /argument ID is missing/ },
    { name: 'an argument too many', argv: ['abc', 'file', 'more'], message: /too many: "more"/ },
  ])('is refused: $name', ({ argv, message }) => {
    const error = refusal(() => parse(...argv))
    expect(error).toMatchObject({ code: 'usage_invalid' })
    expect(String(error)).toMatch(message)
  })

  test('names the option that was probably meant', () => {
    expect(refusal(() => parse('abc', '--purpos', 'x'))).toMatchObject({ next: 'did you mean --purpose?' })
  })

  test.each(['0', '61', '1.5', '01', '+1', '1e1', ' 1', 'many'])(
    'is refused as a number from 1 to 60: %s',
    (value) => {
      const args = parse('abc', `--minutes=${value}`)
      expect(refusal(() => args.count('minutes', { min: 1, max: 60 }))).toMatchObject({
        code: 'usage_invalid',
      })
    },
  )

  test('is refused when something needed is absent', () => {
    expect(refusal(() => parse('abc').required('purpose'))).toMatchObject({ code: 'usage_invalid' })
  })
})

test('asking for what the command does not declare is a mistake in the code', () => {
  const args = parse('abc')
  expect(() => args.text('unknown')).toThrow(TypeError)
  expect(() => args.flag('purpose')).toThrow(TypeError)
  expect(() => args.list('purpose')).toThrow(TypeError)
  expect(() => args.argument('FILE')).toThrow(TypeError)
  expect(() => args.optionalArgument('ID')).toThrow(TypeError)
})
