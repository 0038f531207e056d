import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** The project's root folder. */
export const ROOT: string = join(import.meta.dirname, '..', '..')

export interface SourceFile {
  /** Path from the project's root, with forward slashes. */
  readonly path: string
  readonly text: string
  /** What the file imports, as written, types and dynamic imports included. */
  readonly imports: readonly string[]
}

/** The TypeScript sources below a folder given from the root, each with what it imports. */
export function readSourceFiles(folder: string): readonly SourceFile[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
  return names
    .filter((name) => /\.tsx?$/u.test(name) && !/(^|\/)(node_modules|dist)\//u.test(name))
    .map((name) => readSourceFile(join(ROOT, folder, name)))
}

function readSourceFile(file: string): SourceFile {
  const text = readFileSync(file, 'utf8')
  const specifiers = text.matchAll(/(?:^|\s)(?:from|import)\s*\(?\s*'([^'\n]+)'/gu)
  const imports = [...specifiers].map((match) => match[1] ?? '')
  return { path: relative(ROOT, file).replaceAll('\\', '/'), text, imports }
}
