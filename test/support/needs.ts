import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'vitest'

const FIND_BROWSER = join(import.meta.dirname, '..', 'browser', 'support', 'print-browser.ts')

/** What a suite may need that a user's machine may lack, and how to get it. */
const REQUIREMENTS = {
  vectors: {
    how: 'put the published conformance vectors beside the checkout, in ../shared/vectors',
    available: (): boolean => existsSync(sharedFolder('vectors')),
  },
  attacks: {
    how: 'put the attack catalogue beside the checkout, in ../shared/attacks.json',
    available: (): boolean => existsSync(sharedFolder('attacks.json')),
  },
  nginx: {
    how: 'apt-get install nginx-light',
    available: (): boolean => spawnSync('nginx', ['-v']).status === 0,
  },
  browser: {
    how: 'apt-get install libnss3, or chromium',
    available: (): boolean => spawnSync(process.execPath, [FIND_BROWSER]).status === 0,
  },
} as const

export type Requirement = keyof typeof REQUIREMENTS

/**
 * Declares a suite that needs something this machine may lack. Without it the suite is skipped and its name says
 * how to get it, which the closing lines of the run repeat; under `CI=true` it fails instead, so nothing is skipped
 * there by accident.
 */
export function describeNeeding(requirement: Requirement, name: string, body: () => void): void {
  const { how, available } = REQUIREMENTS[requirement]
  if (available()) {
    describe(name, body)
    return
  }
  if (process.env['CI'] === 'true') {
    describe(name, () => {
      test(`${requirement} is present in CI`, () => {
        throw new Error(`${name} needs ${requirement}: ${how}`)
      })
    })
    return
  }
  describe.skip(`${name} [needs ${requirement}: ${how}]`, body)
}

/** The folder of the published conformance vectors, one folder per specification. */
export function vectorsFolder(): string {
  return sharedFolder('vectors')
}

/** Where a file or folder lies that tests share but the checkout does not hold. */
export function sharedFolder(name: string): string {
  return join(import.meta.dirname, '..', '..', '..', 'shared', name)
}
