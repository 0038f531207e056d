import type { Page } from 'playwright-core'

/** Somebody reads the final terms of the request on the page and has their passkey sign them; nothing came of it yet. */
export async function signOn(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Approve …' }).click()
  await page.locator('.final-terms').waitFor()
  await page.getByRole('button', { name: 'Approve with passkey' }).click()
}

/** The page says that the request on it is approved. */
export async function seeApproved(page: Page): Promise<void> {
  await page.getByRole('status').filter({ hasText: 'You can stop it at any time' }).waitFor()
}

/** The same as `signOn`, until the page says that it is done. */
export async function approveOn(page: Page): Promise<void> {
  await signOn(page)
  await seeApproved(page)
}
