import { readFile } from 'node:fs/promises'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { behalf } from '../../apps/behalf/test/support/test-io.ts'
import { describeNeeding } from '../support/needs.ts'
import { approveOn, seeApproved } from './support/approve-on.ts'
import { askFor } from './support/ask-for.ts'
import { asked, openPageWorld, type PageWorld, READ } from './support/page-world.ts'
import { claimAs, joinAs } from './support/people.ts'
import { openReportingApi, type ReportingApi } from './support/reporting-api.ts'
import { startBrowser } from './support/start-browser.ts'
import { type Belongings, type Visitor, visit } from './support/visitor.ts'

describeNeeding('browser', 'what happened, searched and proven in a browser', () => {
  let browser: Browser
  let world: PageWorld
  let api: ReportingApi
  let bob: Visitor
  let alice: Belongings
  let agent: Wallet
  /** Of the delegation, and of a request with it. */
  let delegation: string
  let called: string

  beforeAll(async () => {
    ;[browser, world] = [await startBrowser(), await openPageWorld()]
    api = await openReportingApi(world)
    const first = await claimAs(browser, world)
    const { inviter, joined } = await joinAs(browser, world, { inviter: first, id: 'bob', name: 'Bob' })
    alice = inviter
    agent = createMemoryWallet()
    const terms = {
      onBehalfOf: { id: 'bob' },
      capabilities: [{ ...READ, locations: [api.origin] }],
      maxUses: 3,
    }
    const { path, collect } = await askFor(world, terms, agent)
    bob = await visit(browser, world, { belongings: joined })
    await bob.open(path)
    await approveOn(bob.page)
    delegation = (await collect()).leaf.id
    called = await call('7')
  })
  afterEach(() => expect(bob.faults).toEqual([]))
  afterAll(async () => {
    await browser.close()
    await api.close()
    await world.end()
  })

  /** What the API called the request. */
  async function call(issue: string): Promise<string> {
    const answer = await agent.fetch(`${api.origin}/projects/ACME/issues/${issue}`)
    await api.settle()
    return answer.headers.get('request-id') ?? ''
  }

  const line = (page: Page, text: string) => page.getByRole('listitem').filter({ hasText: text }).first()

  test('what is active says when it was last used, and how much is left', async () => {
    await bob.open('/active')
    await bob.page.getByText(/^Last used today, .* once so far\. 2 of 3 uses left there\.$/u).waitFor()
    await bob.page.getByRole('link', { name: 'What was done with it' }).click()
    await bob.page.getByRole('heading', { name: 'What happened' }).waitFor()
    await line(bob.page, '/projects/ACME/issues/7: accepted').waitFor()
  })

  test('what nobody reports is said to be unknown', async () => {
    const { path, collect } = await askFor(world, { onBehalfOf: { id: 'bob' }, capabilities: [READ] })
    await bob.open(path)
    await approveOn(bob.page)
    await collect()
    await bob.open('/active')
    await bob.page
      .getByText('https://api.example does not report here: whether it was used there is not known.')
      .waitFor()
  })

  test('a request id leads to its story, each line with its proof, and to a file that anybody checks', async () => {
    const { page } = bob
    await bob.open('/search')
    await page.getByLabel('Request, delegation, agent or run').fill(called)
    const worker = page.waitForEvent('worker')
    await page.getByLabel('Request, delegation, agent or run').press('Enter')
    // Where the proofs are checked, so that the page is not held up.
    expect((await worker).url()).toMatch(/\/assets\/verify-worker-[\w-]+\.js$/u)
    await page.getByText('Everything here is proven').waitFor()
    const request = line(page, '/projects/ACME/issues/7: accepted')
    await request.getByText('the signature of the agent; the chain of 1 behind it').waitFor()
    await line(page, 'A delegation was issued').getByText('bob saw and signed these words').waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download the proof' }).click(),
    ])
    const input = await readFile(await download.path(), 'utf8')
    const checked = await behalf(['verify-bundle', '-', '--key', world.authority.issuerDid], { input })
    expect([checked.exit, checked.stdout.includes(called)]).toEqual([0, true])
  })

  test('the picture is walked through with arrow keys, and leads to the lines', async () => {
    const { page } = bob
    await bob.open(`/trace/${called}`)
    const picture = page.getByRole('tree', { name: 'What led to what' })
    await picture.getByRole('treeitem').first().focus()
    await page.keyboard.press('End')
    await picture.getByRole('treeitem', { name: /issues\/7/u, selected: true }).waitFor()
    await page.keyboard.press('Enter')
    await page.locator('li.event:focus', { hasText: '/projects/ACME/issues/7: accepted' }).waitFor()
  })

  test('what nobody was asked about leads to the person who let the agent have it, with their passkey', async () => {
    const { page } = bob
    const terms = { onBehalfOf: { id: 'bob' }, capabilities: [READ] }
    const { wallet, path } = await askFor(world, terms)
    await bob.open(path)
    await page.getByRole('button', { name: 'Approve …' }).click()
    await page.getByLabel('From now on, allow this agent these terms by itself').check()
    await page.locator('.final-terms').getByText('this key may get the same again by itself').waitFor()
    await page.getByRole('button', { name: 'Approve with passkey' }).click()
    await seeApproved(page)
    const authority = wallet.authority(world.origin)
    const { id, status } = await authority.createRequest(asked({ ...terms, purpose: 'Again' }))
    expect(status).toBe('approved')
    await bob.open(`/trace/${encodeURIComponent(id)}`)
    await page.getByText('Everything here is proven').waitFor()
    const enrolled = line(page, 'An agent was allowed terms by itself')
    await enrolled.getByText('bob saw and signed these words').waitFor()
    await enrolled.getByText('the evidence of the approval in which its bounds were signed').waitFor()
    const picture = page.getByRole('tree', { name: 'What led to what' })
    await picture.getByRole('treeitem', { name: 'let it have this unasked' }).waitFor()
    await picture.getByRole('treeitem', { name: 'Nobody was asked' }).waitFor()
  })

  test('a story that was changed on its way is not told', async () => {
    const { page } = bob
    await page.route('**/api/traces/**', async (route) => {
      const response = await route.fetch()
      const answer = (await response.json()) as { readonly bundle: string }
      const bundle = answer.bundle.replace('\\"code\\":\\"ok\\"', '\\"code\\":\\"no\\"')
      expect(bundle).not.toBe(answer.bundle)
      await route.fulfill({ response, json: { ...answer, bundle } })
    })
    await bob.open(`/trace/${called}`)
    await page.getByRole('alert').filter({ hasText: 'Do not rely on this' }).waitFor()
    expect(await page.getByRole('button', { name: 'Download the proof' }).count()).toBe(0)
    expect(await page.getByText('accepted').count()).toBe(0)
    await page.unroute('**/api/traces/**')
  })

  test('a search finds by code and time; what was stopped is told with its first effect', async () => {
    const { page } = bob
    await bob.open('/active')
    const card = page.getByRole('article').filter({ hasText: 'uses left there' })
    await card.getByRole('button', { name: 'Revoke …' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click()
    await card.waitFor({ state: 'detached' })
    const refused = await call('8')
    await bob.open('/search')
    await page.getByLabel('Code').fill('credential_revoked')
    await page.getByLabel('From').fill('2026-01-01T00:00')
    await page.getByRole('button', { name: 'Search' }).click()
    await line(page, '/projects/ACME/issues/8: refused').waitFor()
    await line(page, 'issues/7: accepted').waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'The whole story, with its proof' }).click()
    await page.waitForURL(world.url(`/trace/${refused}`))
    await line(page, 'A delegation was revoked')
      .getByText('Its first effect: a request was refused')
      .waitFor()
    await bob.open('/search')
    await page.getByLabel('Until').fill('2020-01-01T00:00')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByText('Nothing like this is in the log.').waitFor()
  })

  test('a search is in the address: it is narrowed by one link, and is there again on the way back', async () => {
    const { page } = bob
    await bob.open('/search')
    await page.getByText(/^\d+ records, the latest first$/u).waitFor()
    const request = line(page, '/projects/ACME/issues/7: accepted')
    await request.getByText(/^“Issue sorter” for Bob \(bob\), key/u).waitFor()
    await request.getByText(/^today, \d\d:\d\d:\d\d/u).waitFor()
    await request.getByRole('link', { name: 'Only this agent' }).click()
    await page.waitForURL(world.url(`/search?${new URLSearchParams({ agent: agent.did })}`))
    await expect.poll(() => page.getByLabel('Agent', { exact: true }).inputValue()).toBe(agent.did)
    await request.getByRole('link', { name: 'Only this API' }).click()
    await expect.poll(() => page.getByLabel('API', { exact: true }).inputValue()).toBe(api.origin)
    await line(page, 'The agent collected its delegation').waitFor({ state: 'detached' })
    await page.getByLabel('From').fill('2026-01-01T08:30')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.waitForURL(/from=2026-01-01T08%3A30%3A00\.000Z/u)
    await request.getByRole('link', { name: 'The whole story, with its proof' }).click()
    await page.getByText('Everything here is proven').waitFor()
    await page.goBack()
    await request.waitFor()
    expect([
      await page.getByLabel('Agent', { exact: true }).inputValue(),
      await page.getByLabel('API', { exact: true }).inputValue(),
      await page.getByLabel('From').inputValue(),
    ]).toEqual([agent.did, api.origin, '2026-01-01T08:30'])
    await page.reload()
    await request.waitFor()
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.waitForURL(world.url('/search'))
    await line(page, 'The agent collected its delegation').waitFor()
  })

  test('what is somebody else’s is not there; an operator finds it', async () => {
    const { path, collect } = await askFor(world)
    const operator = await visit(browser, world, { belongings: alice })
    await operator.open(path)
    await approveOn(operator.page)
    const { leaf } = await collect()
    await operator.open(`/trace/${called}`)
    await line(operator.page, '/projects/ACME/issues/7: accepted').waitFor()
    alice = await operator.leave()
    await bob.open(`/trace/${encodeURIComponent(leaf.id)}`)
    await bob.page.getByRole('alert').filter({ hasText: 'There is nothing here for you.' }).waitFor()
    await bob.open('/search')
    await line(bob.page, 'A delegation was issued').waitFor()
    expect(await bob.page.getByText(leaf.id).count()).toBe(0)
    expect([delegation === leaf.id, operator.faults]).toEqual([false, []])
  })
})
