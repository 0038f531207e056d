import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
import { type ExampleWorld, openExampleWorld } from './support/example-world.ts'
import { listFaults } from './support/list-faults.ts'
import { LOOKS, lookAt, windowOf } from './support/looks.ts'
import { openPageWorld } from './support/page-world.ts'
import { startBrowser } from './support/start-browser.ts'
import { openView, SIGNED_IN, SIGNED_OUT } from './support/views.ts'
import { type Visitor, visit } from './support/visitor.ts'

describeNeeding('browser', 'the page in a large window and at 360 pixels, light and dark', () => {
  let browser: Browser
  let example: ExampleWorld
  let stranger: Visitor
  let person: Visitor

  beforeAll(async () => {
    browser = await startBrowser()
    example = await openExampleWorld(browser)
    const { world, alice } = example
    stranger = await visit(browser, world)
    person = await visit(browser, world, { belongings: alice })
  })
  afterAll(async () => {
    await browser.close()
    await example.end()
  })

  test.each(SIGNED_OUT)('has no barrier, and everything fits: $name', async (view) => {
    await openView(view, stranger, example)
    await checkLooks(stranger)
  })

  test.each(SIGNED_IN)('has no barrier, and everything fits: $name', async (view) => {
    await openView(view, person, example)
    await checkLooks(person)
  })

  test('has no barrier, and everything fits: claim', async () => {
    const fresh = await openPageWorld()
    const visitor = await visit(browser, fresh)
    await visitor.open('/')
    await checkLooks(visitor)
    await fresh.end()
  })

  test('has no barrier, and everything fits: without a connection, and signed out', async () => {
    const visitor = await visit(browser, example.world, { belongings: example.alice })
    const { page } = visitor
    await visitor.open('/')
    await page.context().setOffline(true)
    // Its script is not there yet, and cannot be loaded.
    await page.getByRole('link', { name: 'History' }).click()
    await page.getByRole('heading', { name: 'This part of the page cannot be shown' }).waitFor()
    expect(await listFaults(page)).toEqual([])
    await page.getByRole('link', { name: 'Requests' }).click()
    await page.getByRole('link', { name: 'Read and decide' }).first().click()
    await page.getByText('No connection to the authority.').waitFor()
    await checkLooks(visitor)
    await page.context().clearCookies()
    await page.context().setOffline(false)
    await page.getByRole('button', { name: 'Try again' }).first().click()
    await page.getByRole('dialog', { name: 'You were signed out' }).waitFor()
    await checkLooks(visitor)
    await visitor.leave()
  }, 60_000)

  describe('would be noticed', () => {
    const BROKEN: readonly (readonly [what: string, html: string, found: readonly RegExp[]])[] = [
      ['an image without words', '<img src="data:,">', [/^image-alt: img/u]],
      ['grey words on grey', '<p style="color:#999;background:#aaa">pale</p>', [/^color-contrast: p/u]],
      [
        'a line that is too long for the window',
        '<p style="white-space:nowrap">word<span>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA</span></p>',
        [/^the page is \d+ pixels too wide/u, /^beyond the window: <span/u],
      ],
      [
        'words that their box cuts off',
        '<p style="width:3rem;overflow:hidden;white-space:nowrap">Unabridged</p>',
        [/^cut off: <p.*Unabridged/u],
      ],
      [
        'a button on top of another',
        '<button>first</button><button style="margin-left:-2rem">second</button>',
        [/^over one another: .*first and .*second/u],
      ],
    ]

    let page: Page
    beforeAll(async () => {
      page = await browser.newPage({ viewport: windowOf({ phone: true }) })
    })

    test.each(BROKEN)('%s', async (_, html, found) => {
      await page.setContent(`<!doctype html><html lang="en"><title>t</title><main><h1>t</h1>${html}</main>`)
      const faults = await listFaults(page)
      for (const pattern of found) expect(faults).toContainEqual(expect.stringMatching(pattern))
    })
  })
})

async function checkLooks({ page, faults }: Visitor): Promise<void> {
  for (const look of LOOKS) {
    await lookAt(page, look)
    // A picture that is drawn to the width of the window is drawn again a moment later.
    await expect.poll(() => listFaults(page), { timeout: 10_000 }).toEqual([])
  }
  expect(faults).toEqual([])
}
