import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
import { findBarriers, overflow } from './support/axe.ts'
import { type ExampleWorld, openExampleWorld } from './support/example-world.ts'
import { openPageWorld } from './support/page-world.ts'
import { startBrowser } from './support/start-browser.ts'
import { openView, SIGNED_IN, SIGNED_OUT, type View } from './support/views.ts'
import { type Visitor, visit } from './support/visitor.ts'

const LOOKS = [
  { phone: false, dark: false },
  { phone: true, dark: true },
]

describeNeeding('browser', 'a view without barriers, in a large light window and on a dark phone', () => {
  let browser: Browser
  let example: ExampleWorld
  let strangers: readonly Visitor[] = []
  let people: readonly Visitor[] = []

  beforeAll(async () => {
    browser = await startBrowser()
    example = await openExampleWorld(browser)
    const { world, alice } = example
    strangers = await Promise.all(LOOKS.map((look) => visit(browser, world, look)))
    people = await Promise.all(LOOKS.map((look) => visit(browser, world, { ...look, belongings: alice })))
  })
  afterAll(async () => {
    await browser.close()
    await example.world.end()
  })

  async function check(view: View, visitor: Visitor): Promise<void> {
    await openView(view, visitor, example)
    await checkBarriers(visitor)
  }

  test.each(SIGNED_OUT)('$name', async (view) => {
    for (const visitor of strangers) await check(view, visitor)
  })

  test.each(SIGNED_IN)('$name', async (view) => {
    for (const visitor of people) await check(view, visitor)
  })

  test('claim', async () => {
    const fresh = await openPageWorld()
    for (const look of LOOKS) {
      const visitor = await visit(browser, fresh, look)
      await visitor.open('/')
      await checkBarriers(visitor)
    }
    await fresh.end()
  })
})

async function checkBarriers({ page, faults }: Visitor): Promise<void> {
  expect(await findBarriers(page)).toEqual([])
  expect(await overflow(page)).toBe(0)
  expect(faults).toEqual([])
}
