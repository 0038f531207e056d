import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
import { approveOn } from './support/approve-on.ts'
import { askFor } from './support/ask-for.ts'
import { type FollowingApi, type FollowOptions, followAs } from './support/following-api.ts'
import { listFaults } from './support/list-faults.ts'
import { LOOKS, lookAt } from './support/looks.ts'
import { openPageWorld, type PageWorld, READ } from './support/page-world.ts'
import { claimAs, joinAs } from './support/people.ts'
import { startBrowser } from './support/start-browser.ts'
import { type Belongings, type Visitor, visit } from './support/visitor.ts'

const ISSUES = 'https://issues.example'
const WIKI = 'https://wiki.example'
const PAYMENTS = 'https://payments.example'

describeNeeding('browser', 'a person who stopped something is told which APIs know', () => {
  let browser: Browser
  let world: PageWorld
  let bobs: Belongings
  let bob: Visitor
  let apis: FollowingApi[]

  beforeAll(async () => {
    ;[browser, world] = [await startBrowser(), await openPageWorld()]
    const { joined } = await joinAs(browser, world, {
      inviter: await claimAs(browser, world),
      id: 'bob',
      name: 'Bob',
    })
    bobs = joined
  })
  beforeEach(async () => {
    apis = []
    bob = await visit(browser, world, { belongings: bobs })
  })
  afterEach(async () => {
    for (const api of apis) api.close()
    const client = world.operator.authority(world.origin)
    const nobody = { connected: 0, unproven: { connected: 0 } }
    await expect.poll(() => client.countConfirmations(0)).toMatchObject(nobody)
    bobs = await bob.leave()
    expect(bob.faults).toEqual([])
  })
  afterAll(async () => {
    await browser.close()
    await world.end()
  })

  const follow = async (...all: readonly FollowOptions[]): Promise<void> => {
    for (const options of all) apis.push(await followAs(world, options))
  }
  /** Bob approves one more thing, and sees it among what is active. */
  const approve = async (): Promise<Page> => {
    const read = { ...READ, locations: [ISSUES, WIKI] }
    const { path, collect } = await askFor(world, {
      onBehalfOf: { id: 'bob' },
      capabilities: [read],
      maxDelegationDepth: 0,
    })
    await bob.open(path)
    await approveOn(bob.page)
    await collect()
    await bob.open('/active')
    return bob.page
  }

  test('at how many of them it is stopped, how soon, and by name what concerns the person', async () => {
    await follow(
      { origins: [ISSUES, 'https://secret.example'] },
      { origins: [WIKI] },
      { origins: [PAYMENTS] },
      {},
    )
    const page = await approve()
    await decide(page, 'Revoke')
    const notice = page.getByRole('status').filter({ hasText: 'Stopped at' })
    await notice.getByText(/^Stopped at 3 of 3 connected APIs, after \d\.\d s$/u).waitFor()
    expect(await notice.getByRole('listitem').allTextContents()).toEqual([
      expect.stringMatching(/^https:\/\/issues\.example confirmed after \d\.\d s\.$/u),
      expect.stringMatching(/^https:\/\/wiki\.example confirmed after \d\.\d s\.$/u),
      '1 API that has no name here confirmed.',
      '1 other reader that proved no key, not counted: confirmed.',
    ])
    expect(await notice.getByRole('button', { name: 'Ask again' }).count()).toBe(0)
    for (const look of LOOKS) {
      await lookAt(page, look)
      await expect.poll(() => listFaults(page), { timeout: 10_000 }).toEqual([])
    }
    await notice.getByRole('button', { name: 'Close' }).click()
    await notice.waitFor({ state: 'detached' })
  })

  test('which one did not confirm in time, and what that means; asking again hears of one that does later', async () => {
    await follow({ origins: [ISSUES], isMute: true }, { origins: [WIKI] })
    const page = await approve()
    await page.clock.install()
    await decide(page, 'Suspend')
    const notice = page.getByRole('status').filter({ hasText: 'Suspended at' })
    await notice.getByText('Suspended at 1 of 2 connected APIs so far …').waitFor()
    await notice.getByText('https://issues.example has not confirmed yet.').waitFor()
    await page.clock.fastForward(31_000)
    await notice.getByText('Suspended at 1 of 2 connected APIs: 1 did not confirm within 30 s').waitFor()
    await notice.getByText('https://issues.example did not confirm.').waitFor()
    await notice.getByText(/^Whoever did not confirm was told, and may go on accepting/u).waitFor()
    await notice
      .getByText(/ refuses everything after 30 seconds, unless its owner chose another time\.$/u)
      .waitFor()
    for (const look of LOOKS) {
      await lookAt(page, look)
      await expect.poll(() => listFaults(page), { timeout: 10_000 }).toEqual([])
    }
    apis.shift()?.close()
    await follow({ origins: [ISSUES] })
    await notice.getByRole('button', { name: 'Ask again' }).click()
    await notice.getByText(/^Suspended at 2 of 2 connected APIs, after \d\d s$/u).waitFor()
    await notice.getByText(/^https:\/\/wiki\.example confirmed after \d\.\d s\.$/u).waitFor()
  })

  test('that it goes on, and which API will learn of it by itself', async () => {
    await follow({ origins: [WIKI] })
    await bob.open('/active')
    const { page } = bob
    await page.getByRole('button', { name: 'Resume …' }).click()
    await page.getByRole('button', { name: 'Resume, confirm with a passkey' }).click()
    const notice = page.getByRole('status').filter({ hasText: 'Resumed at 1 of 1 connected API, after' })
    await notice
      .getByText(/^https:\/\/issues\.example is not connected under a name, and learns it/u)
      .waitFor()
  })

  test('that none is connected, which is no failure', async () => {
    await bob.open('/active')
    const { page } = bob
    await page.getByRole('button', { name: 'Stop everything of mine …' }).click()
    await page.getByRole('button', { name: 'Stop everything', exact: true }).click()
    await page.getByText('Stopped. No API is connected right now.').waitFor()
    await page.getByText(/^https:\/\/issues\.example, https:\/\/wiki\.example are not connected/u).waitFor()
    await page.getByText('No agent may do anything for you right now.').waitFor()
  })

  test('what went wrong when the authority does not say it', async () => {
    await follow({ origins: [ISSUES] })
    const page = await approve()
    await page.route('**/api/confirmations*', (route) => route.abort())
    await decide(page, 'Revoke')
    const notice = page.getByRole('status').filter({ has: page.getByRole('button', { name: 'Close' }) })
    await notice.getByRole('alert').waitFor()
    await page.unroute('**/api/confirmations*')
    await notice.getByText(/^Stopped at 1 of 1 connected API, after/u).waitFor()
    await notice.getByRole('alert').waitFor({ state: 'detached' })
  })
})

async function decide(page: Page, action: 'Revoke' | 'Suspend'): Promise<void> {
  await page.getByRole('button', { name: `${action} …` }).click()
  await page.getByRole('button', { name: action, exact: true }).click()
}
