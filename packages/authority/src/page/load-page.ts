import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** One file of the page, as it is sent. */
export interface PageFile {
  readonly type: string
  readonly body: Uint8Array<ArrayBuffer>
  /** RFC 1952; absent where it would save nothing. */
  readonly gzipped?: Uint8Array<ArrayBuffer>
}

/** The page for people: what every address of it shows, and the files that it loads. */
export interface Page {
  readonly index: PageFile
  /** By their path from the folder, such as `assets/index-a1b2.js`. */
  readonly files: ReadonlyMap<string, PageFile>
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.webmanifest', 'application/manifest+json'],
])
const WORTH_COMPRESSING = 1024

/**
 * Returns the page that was built into a folder. It is read now, once: what is in the folder later does not matter.
 *
 * @throws TypeError for a folder without an `index.html`, or with a file of a type that a page has no use for
 */
export function loadPage(folder: string): Page {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      join(parentPath, name).slice(folder.length).replaceAll('\\', '/').replace(/^\//u, ''),
    )
  const files = new Map(names.map((name) => [name, loadFile(join(folder, name))]))
  const index = files.get('index.html')
  if (index === undefined) throw new TypeError('The folder of the page has no index.html')
  files.delete('index.html')
  return { index, files }
}

function loadFile(path: string): PageFile {
  const type = TYPES.get(extname(path))
  if (type === undefined) throw new TypeError(`The page has no use for a file of the type ${extname(path)}`)
  const body = new Uint8Array(readFileSync(path))
  const gzipped = body.length < WORTH_COMPRESSING ? undefined : new Uint8Array(gzipSync(body))
  return { type, body, ...(gzipped && { gzipped }) }
}
