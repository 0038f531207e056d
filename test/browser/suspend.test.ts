import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
import { approveOn } from './support/approve-on.ts'
import { askFor } from './support/ask-for.ts'
import { openPageWorld, type PageWorld, READ } from './support/page-world.ts'
import { claimAs } from './support/people.ts'
import { openReportingApi, type ReportingApi } from './support/reporting-api.ts'
import { startBrowser } from './support/start-browser.ts'
import { type Visitor, visit } from './support/visitor.ts'

describeNeeding('browser', 'a person lets a delegation rest and go on, by keyboard alone', () => {
  let browser: Browser
  let world: PageWorld
  let api: ReportingApi
  let alice: Visitor
  let parent: Wallet
  let child: Wallet

  beforeAll(async () => {
    ;[browser, world] = [await startBrowser(), await openPageWorld()]
    api = await openReportingApi(world)
    alice = await visit(browser, world, { belongings: await claimAs(browser, world) })
    ;[parent, child] = [createMemoryWallet(), createMemoryWallet()]
    const read = { ...READ, locations: [api.origin] }
    const asked = { agentName: 'Sorter', capabilities: [read], maxDelegationDepth: 1 }
    const { path, collect } = await askFor(world, asked, parent)
    await alice.open(path)
    await approveOn(alice.page)
    await collect()
    await child.receive(await parent.delegate({ to: child.did, capabilities: [read] }))
  })
  afterAll(async () => {
    expect(alice.faults).toEqual([])
    await browser.close()
    await api.close()
    await world.end()
  })

  const call = async (wallet: Wallet): Promise<unknown> => {
    const answer = await wallet.fetch(`${api.origin}/projects/ACME/issues/7`)
    return answer.ok ? 'accepted' : (await answer.json()).code
  }
  const callBoth = async (): Promise<readonly unknown[]> => [await call(parent), await call(child)]

  test('the API accepts what was approved', async () => {
    expect(await callBoth()).toEqual(['accepted', 'accepted'])
  })

  describe('after Suspend', () => {
    test('Escape leaves everything as it was, and the keyboard where it was', async () => {
      const { page } = alice
      await alice.open('/active')
      const suspend = page.getByRole('button', { name: 'Suspend …' })
      await tabTo(page, suspend)
      await page.keyboard.press('Enter')
      await page.getByRole('dialog', { name: 'Suspend this?' }).waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await expect.poll(() => isFocused(suspend)).toBe(true)
      expect(await callBoth()).toEqual(['accepted', 'accepted'])
    })

    test('the API refuses the agent and the one below it, and the page says who did it', async () => {
      const { page } = alice
      await page.keyboard.press('Enter')
      const dialog = page.getByRole('dialog', { name: 'Suspend this?' })
      await dialog.getByText('is refused until you resume it. Nothing is lost.').waitFor()
      await tabTo(page, dialog.getByLabel('Reason (optional)'))
      await page.keyboard.type('Looking into it')
      await tabTo(page, dialog.getByRole('button', { name: 'Suspend', exact: true }))
      await page.keyboard.press('Enter')
      await dialog.waitFor({ state: 'detached' })
      await page
        .getByText(/^Suspended by you today, .*: refused everywhere until it is resumed\.$/u)
        .waitFor()
      await page.getByText('Reason: Looking into it').waitFor()
      await expect.poll(() => isFocused(page.getByRole('heading', { level: 1 }))).toBe(true)
      expect(await callBoth()).toEqual(['credential_suspended', 'credential_suspended'])
    })

    test('it stays so for somebody who comes later, who finds the reason in the record', async () => {
      await alice.open('/active')
      await alice.page.getByRole('button', { name: 'Resume …' }).waitFor()
      await alice.open('/history')
      const entry = alice.page.getByRole('listitem').filter({ hasText: 'Looking into it' })
      await entry.getByText('Details').click()
      await entry.getByText('Looking into it').waitFor()
      expect(await callBoth()).toEqual(['credential_suspended', 'credential_suspended'])
    })
  })

  describe('Resume', () => {
    test('takes a passkey that verifies its user: without one the API still refuses', async () => {
      const { page, authenticator } = alice
      await alice.open('/active')
      await authenticator.verifyUser(false)
      await tabTo(page, page.getByRole('button', { name: 'Resume …' }))
      await page.keyboard.press('Enter')
      const dialog = page.getByRole('dialog', { name: 'Resume this?' })
      await tabTo(page, dialog.getByRole('button', { name: 'Resume, confirm with a passkey' }))
      await page.keyboard.press('Enter')
      await dialog.getByRole('alert').filter({ hasText: 'The passkey' }).waitFor()
      await authenticator.verifyUser(true)
      expect(await callBoth()).toEqual(['credential_suspended', 'credential_suspended'])
    })

    test('lets both go on', async () => {
      const { page } = alice
      const dialog = page.getByRole('dialog', { name: 'Resume this?' })
      await tabTo(page, dialog.getByRole('button', { name: 'Resume, confirm with a passkey' }))
      await page.keyboard.press('Enter')
      await dialog.waitFor({ state: 'detached' })
      await page.getByRole('button', { name: 'Suspend …' }).waitFor()
      await page.getByText('Suspended by').waitFor({ state: 'detached' })
      expect(await callBoth()).toEqual(['accepted', 'accepted'])
    })
  })

  test('only what was suspended itself can be resumed; what is below it rests with it', async () => {
    const { page } = alice
    await alice.open('/active')
    const below = page.locator('[role=treeitem][aria-level="2"]')
    await tabTo(page, page.locator('[role=treeitem][aria-level="1"]'))
    await page.keyboard.press('ArrowDown')
    await page.getByRole('treeitem', { selected: true, level: 2 }).waitFor()
    await tabTo(page, page.getByRole('button', { name: 'Suspend …' }))
    await page.keyboard.press('Enter')
    await tabTo(page, page.getByRole('dialog').getByRole('button', { name: 'Suspend', exact: true }))
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await below.filter({ hasText: 'suspended' }).waitFor()
    expect(await callBoth()).toEqual(['accepted', 'credential_suspended'])
  })
})

const FURTHEST = 60

/** Presses Tab until the keyboard is there. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor()
  for (let presses = 0; presses < FURTHEST; presses += 1) {
    if (await isFocused(target)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`The keyboard does not get to ${String(target)}`)
}

function isFocused(target: Locator): Promise<boolean> {
  return target.evaluate((element) => element === document.activeElement)
}
