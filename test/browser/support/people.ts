import type { Browser } from 'playwright-core'
import type { PageWorld } from './page-world.ts'
import { type Belongings, visit } from './visitor.ts'

/** Alice takes the authority over at its claim URL, through the page. */
export async function claimAs(
  browser: Browser,
  world: Pick<PageWorld, 'origin' | 'claimUrl'>,
): Promise<Belongings> {
  const visitor = await visit(browser, world)
  const { page } = visitor
  await visitor.open(world.claimUrl.slice(world.origin.length))
  await page.getByLabel('Your id').fill('alice')
  await page.getByLabel('Your name').fill('Alice Example')
  await page.getByRole('button', { name: 'Make my passkey' }).click()
  await page.getByRole('button', { name: 'I have kept them: go on' }).click()
  await page.getByRole('button', { name: 'Alice Example' }).waitFor()
  return visitor.leave()
}

/** Somebody joins by an invitation of alice, both through the page. */
export async function joinAs(
  browser: Browser,
  world: PageWorld,
  options: { readonly inviter: Belongings; readonly id: string; readonly name: string },
): Promise<{ readonly inviter: Belongings; readonly joined: Belongings }> {
  const { id, name } = options
  const operator = await visit(browser, world, { belongings: options.inviter })
  await operator.open('/people')
  await operator.page.getByLabel('Their id').fill(id)
  await operator.page.getByRole('button', { name: 'Make an invitation' }).click()
  const link = await operator.page.locator('.invitation-link').textContent()
  if (link === null) throw new Error('The invitation has no link')
  const guest = await visit(browser, world)
  await guest.open(link.slice(world.origin.length))
  await guest.page.getByLabel('Your name').fill(name)
  await guest.page.getByRole('button', { name: 'Make my passkey' }).click()
  await guest.page.getByRole('button', { name: 'I have kept them: go on' }).click()
  await guest.page.getByRole('button', { name }).waitFor()
  return { inviter: await operator.leave(), joined: await guest.leave() }
}
