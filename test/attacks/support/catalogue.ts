import { readFileSync } from 'node:fs'
import { sharedFolder } from '../../support/requirements.ts'

/** One case of the catalogue: a change of a valid request, and what has to come back. */
export interface Attack {
  readonly id: string
  readonly group: string
  readonly title: string
  /** `reject` must be refused with `expect_code`, `control` must pass, `invariant` has a property of its own. */
  readonly kind: 'reject' | 'control' | 'invariant'
  readonly mutation: string
  readonly expect_code: string
  readonly expect_detail?: string
}

/** The catalogue, which lies beside the checkout. */
export function readCatalogue(): readonly Attack[] {
  return JSON.parse(readFileSync(sharedFolder('attacks.json'), 'utf8'))
}
