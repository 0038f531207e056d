import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { ROOT } from '../support/source-files.ts'
import { type ExampleWorld, openExampleWorld } from './support/example-world.ts'
import { startBrowser } from './support/start-browser.ts'
import { openView, SIGNED_IN, SIGNED_OUT, type View } from './support/views.ts'
import { type Belongings, type Visitor, visit } from './support/visitor.ts'

// Pictures of the page for people, into docs/images: npm run screenshots.
const FOLDER = join(ROOT, 'docs', 'images')
const ON_A_PHONE: ReadonlySet<string> = new Set(['inbox', 'request', 'approve', 'active', 'trace'])
const NOT_SHOWN: ReadonlySet<string> = new Set([
  'nothing',
  'menu',
  'join',
  'recover',
  'deny',
  'stop',
  'suspend',
  'suspended',
  'resume',
  'decided',
])

const browser = await startBrowser()
const example = await openExampleWorld(browser)
try {
  await takeAll(browser, example)
} finally {
  await browser.close()
  await example.end()
}

async function takeAll(browser: Browser, example: ExampleWorld): Promise<void> {
  const shown = (views: readonly View[]): readonly View[] => views.filter(({ name }) => !NOT_SHOWN.has(name))
  let home: Belongings = example.alice
  for (const [phone, dark] of [
    [false, false],
    [true, true],
  ] as const) {
    const stranger = await visit(browser, example.world, { phone, dark })
    const visitor = await visit(browser, example.world, { phone, dark, belongings: home })
    const suffix = `${phone ? '-phone' : ''}${dark ? '-dark' : ''}`
    for (const view of phone ? [] : shown(SIGNED_OUT)) await take(view, stranger, suffix)
    for (const view of shown(SIGNED_IN)) {
      if (!phone || ON_A_PHONE.has(view.name)) await take(view, visitor, suffix)
    }
    await stranger.leave()
    home = await visitor.leave()
  }
}

async function take(view: View, visitor: Visitor, suffix: string): Promise<void> {
  const { page } = visitor
  const window = page.viewportSize()
  if (window === null) throw new Error('The page has no window')
  await openView(view, visitor, example)
  // As tall as the page, so that what sticks to the bottom of a window is at the bottom of the picture.
  const height = await page.evaluate(() => document.documentElement.scrollHeight)
  const isDialog = (await page.getByRole('dialog').count()) > 0
  if (!isDialog) await page.setViewportSize({ ...window, height: Math.max(window.height, height) })
  const path = join(FOLDER, `page-${view.name}${suffix}.png`)
  await page.screenshot({ path, animations: 'disabled' })
  await page.setViewportSize(window)
  console.log(path)
}
