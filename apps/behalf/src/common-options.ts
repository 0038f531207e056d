import type { OptionSpecs } from './arguments.ts'

/** The options every command has. */
export const COMMON_OPTIONS: OptionSpecs = {
  json: { kind: 'flag', help: 'print exactly one JSON document on stdout' },
  help: { kind: 'flag', help: 'show this' },
}
