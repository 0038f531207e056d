import { spawnSync } from 'node:child_process'
import bundled from '@sparticuz/chromium'

/** The arguments under which a browser runs without a screen and talks to nobody by itself. */
export const BROWSER_ARGUMENTS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const INSTALLED = ['chromium', 'chromium-browser', 'google-chrome']

/** The path of a Chromium that starts on this machine: the one from npm, or an installed one. Undefined without any. */
export async function findBrowser(): Promise<string | undefined> {
  const candidates = [await unpackBundled(), ...INSTALLED.map(findInPath)]
  return candidates.find((path) => path !== undefined && starts(path))
}

/** The npm package unpacks itself into the temporary folder, once. */
async function unpackBundled(): Promise<string | undefined> {
  try {
    return await bundled.executablePath()
  } catch {
    return undefined
  }
}

function findInPath(name: string): string | undefined {
  const { status, stdout } = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

function starts(path: string): boolean {
  return spawnSync(path, ['--version', '--no-sandbox'], { timeout: 20_000 }).status === 0
}
