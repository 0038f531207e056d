import { parseArgs } from 'node:util'
import { usageError } from './error.ts'
import { nearest } from './nearest.ts'

/** One option of a command: a flag, or a text that is shown as `value` in the help. */
export type OptionSpec =
  | { readonly kind: 'flag'; readonly help: string }
  | { readonly kind: 'text' | 'list'; readonly value: string; readonly help: string }

/** The options of a command by their name without dashes. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>

/** The positional arguments of a command, in order; `?` at the end of a name marks an optional one. */
export type PositionalSpecs = readonly string[]

/** A parsed command line. Asking for a name the command does not declare is a `TypeError`. */
export interface Arguments {
  /** A positional argument that must be there. */
  argument(name: string): string
  /** A positional argument whose declared name ends in `?`. */
  optionalArgument(name: string): string | undefined
  flag(name: string): boolean
  text(name: string): string | undefined
  list(name: string): readonly string[]
  /** What stands after `--`, as it stands there; empty without it. */
  rest(): readonly string[]
  /** @throws usage_invalid when the option is absent */
  required(name: string): string
  /** @throws usage_invalid when the option is not a whole number within the bounds */
  count(name: string, bounds: { readonly min: number; readonly max: number }): number | undefined
}

/** What the command line of a command may hold. */
export interface ArgumentSpecs {
  readonly options: OptionSpecs
  readonly positionals: PositionalSpecs
  /** Whether what stands after `--` is somebody else's command line. Without it `--` only ends the options. */
  readonly takesRest?: boolean
}

interface Parsed {
  readonly positionals: readonly string[]
  readonly values: ReadonlyMap<string, readonly string[]>
}

/**
 * Parses a command line strictly: nothing unknown, nothing twice that is meant once, no value guessed.
 *
 * @throws CommandError `usage_invalid`
 */
export function parseArguments(argv: readonly string[], spec: ArgumentSpecs): Arguments {
  const { own, rest } = splitRest(argv, spec)
  const parsed = readTokens(own, spec.options)
  const named = namePositionals(parsed.positionals, spec.positionals)
  return createArguments({ spec, parsed, named, rest })
}

function splitRest(
  argv: readonly string[],
  { takesRest = false }: ArgumentSpecs,
): { readonly own: readonly string[]; readonly rest: readonly string[] } {
  const end = takesRest ? argv.indexOf('--') : -1
  return end === -1 ? { own: argv, rest: [] } : { own: argv.slice(0, end), rest: argv.slice(end + 1) }
}

function readTokens(argv: readonly string[], specs: OptionSpecs): Parsed {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [
      name,
      { type: spec.kind === 'flag' ? ('boolean' as const) : ('string' as const), multiple: true },
    ]),
  )
  const { tokens, positionals } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const values = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind === 'option') {
      const spec = findOption(token.rawName, { name: token.name, specs })
      values.set(token.name, addValue(values.get(token.name) ?? [], { spec, token }))
    }
  }
  return { positionals, values }
}

function findOption(rawName: string, found: { name: string; specs: OptionSpecs }): OptionSpec {
  const spec = Object.hasOwn(found.specs, found.name) ? found.specs[found.name] : undefined
  if (spec !== undefined && rawName.startsWith('--')) {
    return spec
  }
  const near = nearest(found.name, Object.keys(found.specs))
  throw usageError(
    `there is no option ${JSON.stringify(rawName)} here`,
    near === undefined ? undefined : `did you mean --${near}?`,
  )
}

function addValue(
  before: readonly string[],
  found: {
    spec: OptionSpec
    token: { rawName: string; value?: string | undefined; inlineValue?: boolean | undefined }
  },
): string[] {
  const { spec, token } = found
  if (spec.kind !== 'list' && before.length > 0) {
    throw usageError(`${token.rawName} is given twice`, 'give it once')
  }
  if (spec.kind === 'flag') {
    if (token.value !== undefined) {
      throw usageError(`${token.rawName} takes no value`)
    }
    return ['true']
  }
  if (token.value === undefined || token.value === '') {
    throw usageError(`${token.rawName} needs a value`, `write ${token.rawName} ${spec.value}`)
  }
  if (token.inlineValue !== true && token.value.startsWith('-')) {
    throw usageError(
      `${token.rawName} is followed by an option instead of its value`,
      `write ${token.rawName}=VALUE when the value begins with a dash`,
    )
  }
  return [...before, token.value]
}

function namePositionals(given: readonly string[], specs: PositionalSpecs): ReadonlyMap<string, string> {
  const surplus = given[specs.length]
  if (surplus !== undefined) {
    throw usageError(`there is one argument too many: ${JSON.stringify(surplus)}`)
  }
  const named = new Map<string, string>()
  for (const [index, spec] of specs.entries()) {
    const value = given[index]
    if (value === '') {
      throw usageError(`the argument ${spec.replace(/\?$/, '')} is empty`)
    }
    if (value !== undefined) {
      named.set(spec.replace(/\?$/, ''), value)
    }
    if (value === undefined && !spec.endsWith('?')) {
      throw usageError(`the argument ${spec} is missing`)
    }
  }
  return named
}

function createArguments(read: {
  spec: ArgumentSpecs
  parsed: Parsed
  named: ReadonlyMap<string, string>
  rest: readonly string[]
}): Arguments {
  const { spec, parsed, named, rest } = read
  const valuesOf = (name: string, kind: OptionSpec['kind']): readonly string[] => {
    if (spec.options[name]?.kind !== kind) {
      throw new TypeError(`this command declares no ${kind} option ${name}`)
    }
    return parsed.values.get(name) ?? []
  }
  const text = (name: string): string | undefined => valuesOf(name, 'text')[0]
  return {
    argument: (name) => {
      const value = spec.positionals.includes(name) ? named.get(name) : undefined
      if (value === undefined) {
        throw new TypeError(`this command declares no argument ${name}`)
      }
      return value
    },
    optionalArgument: (name) => {
      if (!spec.positionals.includes(`${name}?`)) {
        throw new TypeError(`this command declares no argument ${name}?`)
      }
      return named.get(name)
    },
    flag: (name) => valuesOf(name, 'flag').length > 0,
    text,
    list: (name) => valuesOf(name, 'list'),
    rest: () => {
      if (spec.takesRest !== true) throw new TypeError('this command declares no rest')
      return rest
    },
    required: (name) => requireValue(name, text(name)),
    count: (name, bounds) => readCount(name, { value: text(name), ...bounds }),
  }
}

function requireValue(name: string, value: string | undefined): string {
  if (value === undefined) {
    throw usageError(`--${name} is missing`)
  }
  return value
}

function readCount(
  name: string,
  found: { value: string | undefined; min: number; max: number },
): number | undefined {
  const { value, min, max } = found
  if (value === undefined) {
    return undefined
  }
  const count = Number(value)
  if (!/^(0|[1-9][0-9]*)$/.test(value) || count < min || count > max) {
    throw usageError(`--${name} must be a whole number from ${min} to ${max}`)
  }
  return count
}
