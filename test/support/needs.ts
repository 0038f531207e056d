import { describe, test } from 'vitest'
import { REQUIREMENTS, type Requirement, sharedFolder } from './requirements.ts'

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
