import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createContext, Script } from 'node:vm'
import { ROOT, readSourceFiles } from '../../support/source-files.ts'
import { HANG_MS } from './wire.ts'

const LENGTH = 100_000
/** A literal after something that cannot end an expression; division never stands there. */
const LITERAL =
  /(?:^|[=(,:[!&|?{};]|return)\s*\/((?![*/])(?:[^\\/[\n]|\\.|\[(?:[^\\\]\n]|\\.)*\])+)\/([dgimsuvy]*)/gm
const CONTEXT = createContext({})

interface Pattern {
  readonly path: string
  readonly source: string
  readonly flags: string
}

/** The patterns of the packages and apps that take longer than any request may, for some long hostile input. */
export function slowPatterns(): readonly string[] {
  const patterns = findPatterns()
  const known = [
    { path: 'known', source: '^(a+)+$', flags: '' },
    { path: 'known', source: '(?:a|b)*c[ab]*d', flags: 'g' },
  ]
  if (patterns.length < 50 || !known.every((pattern) => isSlow(pattern, 100)))
    throw new Error('the sweep no longer sees what it is for')
  return patterns
    .filter((pattern) => isSlow(pattern, HANG_MS))
    .map(({ path, source }) => `${path}: /${source}/`)
}

function findPatterns(): readonly Pattern[] {
  const folders = ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}/src`),
  )
  const found = folders
    .flatMap(readSourceFiles)
    .flatMap(({ path, text }) =>
      [...text.matchAll(LITERAL)].map(([, source = '', flags = '']) => ({ path, source, flags })),
    )
  return found.filter(({ source, flags }) => isPattern(source, flags))
}

function isPattern(source: string, flags: string): boolean {
  try {
    return RegExp(source, flags).source !== ''
  } catch {
    return false
  }
}

/** Whether one of the inputs keeps the pattern busy. The engine is interrupted, so that even the worst one ends. */
function isSlow({ source, flags }: Pattern, timeout: number): boolean {
  const inputs = hostileInputs(source)
  CONTEXT.inputs = inputs
  const code = `const pattern = new RegExp(${JSON.stringify(source)}, ${JSON.stringify(flags.replace('y', ''))});
    for (const input of inputs) { pattern.lastIndex = 0; pattern.test(input) }`
  try {
    new Script(`{${code}}`).runInContext(CONTEXT, { timeout })
    return false
  } catch (error) {
    if (Object(error).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return true
    throw error
  }
}

/** Long runs of what the pattern itself speaks of, alone and in pairs, each ending in something it does not want. */
function hostileInputs(source: string): readonly string[] {
  const literals = source.replaceAll(/\\[dwsSDWbBpPux]|[\^$*+?(){}|[\]\\]/g, '')
  const characters = [...new Set([...literals.slice(0, 40).split(''), 'a', '0', ' ', '-', '.', '%'])]
  const pairs = characters.slice(0, 8).flatMap((one) => characters.slice(0, 8).map((other) => one + other))
  const prefix = /^\^?((?:[\w\-: ]|\\[/.])+)/.exec(source)?.[1]?.replaceAll('\\', '') ?? ''
  return [...characters, ...pairs].flatMap((unit) => {
    const run = unit.repeat(LENGTH / unit.length)
    return [`${run}\0`, `${prefix}${run}\0`]
  })
}
