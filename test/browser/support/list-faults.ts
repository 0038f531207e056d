import type { Page } from 'playwright-core'
import { findBarriers, overflow } from './axe.ts'
import { findMisfits } from './find-misfits.ts'

/** What somebody could not use or read on the page as it is now. */
export async function listFaults(page: Page): Promise<readonly string[]> {
  const wider = await overflow(page)
  return [
    ...(wider > 0 ? [`the page is ${wider} pixels too wide`] : []),
    ...(await findMisfits(page)),
    ...(await findBarriers(page)),
  ]
}
