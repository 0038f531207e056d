import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT, readSourceFiles, type SourceFile } from './support/source-files.ts'

// core <- did, http-signature, audit-log <- credential <- wallet, issuer, verifier <- mcp, authority <- apps
const ORDER: readonly (readonly string[])[] = [
  ['core'],
  ['did', 'http-signature', 'audit-log'],
  ['credential'],
  ['wallet', 'issuer', 'verifier'],
  ['mcp', 'authority'],
]
const PACKAGES = readdirSync(join(ROOT, 'packages'))
const APPS = readdirSync(join(ROOT, 'apps'))
const FOLDERS = [...PACKAGES.map((name) => `packages/${name}`), ...APPS.map((name) => `apps/${name}`)]

const rank = (name: string): number => ORDER.findIndex((group) => group.includes(name))
const sources = (folder: string): readonly SourceFile[] => readSourceFiles(`${folder}/src`)
const below = (folders: readonly string[]): readonly SourceFile[] => folders.flatMap(sources)
const packageSources = (): readonly SourceFile[] => below(PACKAGES.map((name) => `packages/${name}`))
const workspaceImports = (file: SourceFile): readonly string[] =>
  file.imports.flatMap((name) => /^@behalf\/([a-z-]+)/u.exec(name)?.[1] ?? [])
const lines = (file: SourceFile, pattern: RegExp): readonly string[] =>
  file.text
    .split('\n')
    .filter((line) => pattern.test(line) && !/^\s*(\*|\/\/|\/\*)/u.test(line))
    .map((line) => `${file.path}: ${line.trim()}`)

interface Manifest {
  readonly name: string
  readonly bin?: Record<string, string>
  readonly dependencies?: Record<string, string>
  readonly devDependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
}
const manifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'))

describe('the order of the packages', () => {
  test('every package has its place', () => {
    expect(PACKAGES.filter((name) => rank(name) === -1)).toEqual([])
  })

  test.each(PACKAGES)('%s imports only packages to its left', (name) => {
    const wrong = sources(`packages/${name}`).flatMap((file) =>
      workspaceImports(file)
        .filter((other) => rank(other) === -1 || rank(other) >= rank(name))
        .map((other) => `${file.path} imports ${other}`),
    )
    expect(wrong).toEqual([])
  })

  test.each(APPS)('the app %s imports packages, never another app', (name) => {
    const wrong = sources(`apps/${name}`).flatMap((file) =>
      file.imports
        .filter((other) => other === 'behalf' || /(^|\/)apps\//u.test(other) || other.startsWith('../../'))
        .map((other) => `${file.path} imports ${other}`),
    )
    expect(wrong).toEqual([])
    expect(
      below([`apps/${name}`])
        .flatMap(workspaceImports)
        .filter((other) => rank(other) === -1),
    ).toEqual([])
  })

  test.each(FOLDERS)('%s has no cycle among its files', (folder) => {
    const files = new Map(sources(folder).map((file) => [file.path, file]))
    const cycles = [...files.keys()].flatMap((path) => findCycle(files, path) ?? [])
    expect(cycles).toEqual([])
  })

  test.each(FOLDERS)('%s declares exactly what it imports', (folder) => {
    const { dependencies = {}, peerDependencies = {}, optionalDependencies = {} } = manifest(folder)
    const imported = new Set(
      sources(folder)
        .flatMap((file) => file.imports)
        .filter((name) => !/^(\.|node:|#)/u.test(name))
        .map((name) => /^(@[^/]+\/[^/]+|[^/]+)/u.exec(name)?.[0] ?? name),
    )
    const declared = new Set([
      ...Object.keys(dependencies),
      ...Object.keys(peerDependencies),
      ...Object.keys(optionalDependencies),
    ])
    expect([...imported].filter((name) => !declared.has(name))).toEqual([])
    expect(Object.keys(dependencies).filter((name) => !imported.has(name))).toEqual([])
  })
})

describe('what holds everywhere', () => {
  test('every dependency is pinned to one version', () => {
    const loose = ['.', 'test', ...FOLDERS].flatMap((folder) => {
      const { dependencies, devDependencies, optionalDependencies } = manifest(folder)
      return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
        .filter(([, version]) => version !== 'workspace:*' && !/^\d+\.\d+\.\d+$/u.test(version))
        .map(([name, version]) => `${folder}: ${name} ${version}`)
    })
    expect(loose).toEqual([])
  })

  test('every dependency has its reason in docs/dependencies.md', () => {
    const reasons = readFileSync(join(ROOT, 'docs', 'dependencies.md'), 'utf8')
    const named = ['.', 'test', ...FOLDERS].flatMap((folder) => {
      const { dependencies, devDependencies, optionalDependencies, peerDependencies } = manifest(folder)
      return Object.keys({
        ...dependencies,
        ...devDependencies,
        ...optionalDependencies,
        ...peerDependencies,
      })
    })
    const external = [...new Set(named)].filter((name) => name !== 'behalf' && !name.startsWith('@behalf/'))
    expect(external.filter((name) => !reasons.includes(`\`${name}\``))).toEqual([])
  })

  test('Ed25519 and SHA-2 come from core alone', () => {
    const pattern = /^(@noble\/.*|sodium-native|node:crypto|crypto|tweetnacl|libsodium.*)$/u
    const wrong = below(FOLDERS.filter((folder) => folder !== 'packages/core')).filter((file) =>
      file.imports.some((name) => pattern.test(name)),
    )
    expect(wrong.map((file) => file.path)).toEqual([])
  })

  test('no clock, randomness or network below the apps, but as a default in core', () => {
    const pattern = /\bDate\.now\(|\bMath\.random\(|\bnew Date\(\)|\bperformance\.now\(|\bprocess\.env\b/u
    const allowed = new Set(['packages/core/src/clock.ts', 'packages/core/src/random.ts'])
    expect(
      packageSources()
        .filter((file) => !allowed.has(file.path))
        .flatMap((file) => lines(file, pattern)),
    ).toEqual([])
  })

  test('no star exports, no any, no assertion that silences the compiler', () => {
    const pattern = /export \*|: any\b|\bas any\b|as unknown as|@ts-(ignore|expect-error|nocheck)/u
    expect(below(FOLDERS).flatMap((file) => lines(file, pattern))).toEqual([])
  })

  test('nothing is left to do in the code, and no machine is named in it', () => {
    const pattern = /\b(TODO|FIXME|XXX|HACK)\b|['"`]\/(tmp|root|home|usr|var|opt|work)\//u
    expect(below(FOLDERS).flatMap((file) => lines(file, pattern))).toEqual([])
  })

  test.each(FOLDERS)('%s has a README and no file above 400 lines', (folder) => {
    expect(existsSync(join(ROOT, folder, 'README.md'))).toBe(true)
    const long = sources(folder).filter((file) => file.text.split('\n').length > 400)
    expect(long.map((file) => file.path)).toEqual([])
  })
})

/** The path of a cycle through a file, or undefined. Depth-first, over relative imports of the same folder. */
function findCycle(files: ReadonlyMap<string, SourceFile>, start: string): string | undefined {
  const seen = new Set<string>()
  const visit = (path: string, trail: readonly string[]): string | undefined => {
    if (path === start && trail.length > 0) return [...trail, start].join(' -> ')
    if (seen.has(path)) return undefined
    seen.add(path)
    for (const next of relativeImports(files.get(path))) {
      const cycle = visit(next, [...trail, path])
      if (cycle) return cycle
    }
    return undefined
  }
  return visit(start, [])
}

function relativeImports(file: SourceFile | undefined): readonly string[] {
  if (!file) return []
  return file.imports
    .filter((name) => name.startsWith('.'))
    .map((name) => join(file.path, '..', name).replaceAll('\\', '/'))
}
