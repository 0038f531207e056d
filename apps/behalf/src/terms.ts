import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseJson } from '@behalf/core'
import { type Capability, parseCapabilities } from '@behalf/credential'
import type { Arguments, OptionSpecs } from './arguments.ts'
import { CommandError, usageError } from './error.ts'
import type { BehalfIo } from './io.ts'

/** The longest time a command line may name: a year. */
export const MAX_MINUTES = 525_600
const MAX_COUNT = 1_000_000_000
/** A chain has at most 8 links, so a root is handed on at most 7 times. */
export const MAX_DEPTH = 7

/** The options that say what a delegation allows. */
export const CAPABILITY_OPTIONS: OptionSpecs = {
  allow: {
    kind: 'list',
    value: "'METHOD URL'",
    help: "what to allow, like 'GET https://api.example.com/issues/**'",
  },
  capabilities: {
    kind: 'text',
    value: 'FILE',
    help: 'what to allow, as a JSON array of capabilities with constraints',
  },
}

/** The options that bound a delegation in time, number and depth. */
export const BOUND_OPTIONS: OptionSpecs = {
  minutes: { kind: 'text', value: 'N', help: 'for how many minutes' },
  uses: { kind: 'text', value: 'N', help: 'for how many accepted requests' },
  depth: { kind: 'text', value: 'N', help: 'how many times it may be handed on' },
}

/** The bounds a command line names; absent means the other side decides. */
export interface Bounds {
  readonly validForSeconds?: number
  readonly maxUses?: number
  readonly maxDelegationDepth?: number
}

/**
 * The bounds of `--minutes`, `--uses` and `--depth`.
 *
 * @throws CommandError `usage_invalid`
 */
export function readBounds(args: Arguments): Bounds {
  const minutes = args.count('minutes', { min: 1, max: MAX_MINUTES })
  const uses = args.count('uses', { min: 1, max: MAX_COUNT })
  const depth = args.count('depth', { min: 0, max: MAX_DEPTH })
  return {
    ...(minutes === undefined ? {} : { validForSeconds: minutes * 60 }),
    ...(uses === undefined ? {} : { maxUses: uses }),
    ...(depth === undefined ? {} : { maxDelegationDepth: depth }),
  }
}

/**
 * The capabilities of `--allow` and `--capabilities`; undefined when neither is given.
 *
 * @throws CommandError `input_invalid`, `not_found`; CoreError for a broken file; CredentialError `scope_malformed`
 */
export async function readCapabilities(
  io: BehalfIo,
  args: Arguments,
): Promise<readonly Capability[] | undefined> {
  const allowed = args.list('allow').map(parseAllow)
  const file = args.text('capabilities')
  if (allowed.length === 0 && file === undefined) {
    return undefined
  }
  const written = file === undefined ? [] : await readCapabilityFile(resolve(io.cwd, file))
  return [...allowed.flat(), ...written]
}

/**
 * The capabilities of a command that cannot do without.
 *
 * @throws CommandError `usage_invalid` when neither `--allow` nor `--capabilities` is given
 */
export async function requireCapabilities(io: BehalfIo, args: Arguments): Promise<readonly Capability[]> {
  const capabilities = await readCapabilities(io, args)
  if (capabilities === undefined) {
    throw usageError(
      'nothing is allowed yet',
      "give --allow 'GET https://api.example.com/issues/**' at least once",
    )
  }
  return capabilities
}

/** Reads `METHOD[,METHOD] ORIGIN/PATH`; the path is a pattern, so no URL parser may touch it. */
function parseAllow(text: string): readonly Capability[] {
  const match = /^([A-Z]+(?:,[A-Z]+)*) (https?:\/\/[^/?#\s]+)(\/[^?#\s]*)$/.exec(text)
  if (match === null) {
    throw new CommandError(
      'input_invalid',
      `--allow ${JSON.stringify(text)} is not a method and a URL with a path`,
      {
        next: "write --allow 'GET https://api.example.com/issues/**'; constraints go into --capabilities FILE",
      },
    )
  }
  const [, methods = '', origin = '', path = ''] = match
  return parseCapabilities([
    { type: 'http', locations: [origin], actions: methods.split(','), paths: [path] },
  ])
}

async function readCapabilityFile(path: string): Promise<readonly Capability[]> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new CommandError('not_found', `the capabilities file ${path} cannot be read`, { cause })
  })
  return parseCapabilities(parseJson(bytes))
}
