import { createMemoryWallet } from '@behalf/wallet'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
import { approveOn, seeApproved, signOn } from './support/approve-on.ts'
import { askFor } from './support/ask-for.ts'
import { overflow } from './support/axe.ts'
import { type Asked, asked, COMMENT, openPageWorld, type PageWorld, READ } from './support/page-world.ts'
import { claimAs, joinAs } from './support/people.ts'
import { startBrowser } from './support/start-browser.ts'
import { type Belongings, type VisitOptions, type Visitor, visit } from './support/visitor.ts'

type Name = 'alice' | 'bob'

describeNeeding('browser', 'people decide in a browser, with a virtual authenticator', () => {
  let browser: Browser
  let world: PageWorld
  const homes = new Map<Name, Belongings>()
  const visiting = new Map<Visitor, Name>()

  beforeAll(async () => {
    ;[browser, world] = [await startBrowser(), await openPageWorld()]
    const alice = await claimAs(browser, world)
    const { inviter, joined } = await joinAs(browser, world, { inviter: alice, id: 'bob', name: 'Bob' })
    homes.set('alice', inviter).set('bob', joined)
  })
  afterEach(async () => {
    for (const [visitor, name] of visiting) {
      homes.set(name, await visitor.leave())
      expect(visitor.faults).toEqual([])
    }
    visiting.clear()
  })
  afterAll(async () => {
    await browser.close()
    await world.end()
  })

  async function come(name: Name, path: string, options: VisitOptions = {}): Promise<Visitor> {
    const belongings = homes.get(name)
    const visitor = await visit(browser, world, { ...(belongings && { belongings }), ...options })
    visiting.set(visitor, name)
    await visitor.open(path)
    return visitor
  }

  const ask = (change: Partial<Asked> = {}) => askFor(world, change)

  test('a request appears by itself, is approved with a passkey, and the evidence proves it', async () => {
    const { page } = await come('alice', '/')
    const { collect } = await ask()
    await page.getByText('Issue sorter asks to act for alice').waitFor()
    await page.getByRole('link', { name: 'Read and decide' }).click()
    await page.getByText(/It may read \(GET\) "\/projects\/ACME\/issues\/"/u).waitFor()
    await page
      .locator('.fingerprint', { hasText: /^(?:[0-9a-f]{4} ?){8}$/u })
      .first()
      .waitFor()
    await approveOn(page)
    const { leaf } = await collect()
    expect(leaf.approval?.method).toBe('passkey')
  })

  test('what is approved is what was left of it', async () => {
    const { path, collect } = await ask()
    const { page } = await come('alice', path)
    await page.getByRole('button', { name: /^Leave out: It may send to/u }).click()
    await page.getByLabel('How long').selectOption('60')
    await page.getByLabel('How many requests at most').fill('5')
    await page.getByLabel('May pass part of this on').uncheck()
    await page.getByText('Less than asked: 1 permission left out').waitFor()
    await approveOn(page)
    const { leaf } = await collect()
    expect(leaf).toMatchObject({ capabilities: [READ], maxUses: 5, maxDelegationDepth: 0 })
    expect(leaf.validUntil - leaf.validFrom).toBe(60_000)
  })

  test('nothing can be approved once everything is left out', async () => {
    const { path } = await ask()
    const { page } = await come('alice', path)
    await page.getByRole('button', { name: 'Approve …', disabled: false }).waitFor()
    await page.getByRole('button', { name: /^Leave out: It may read/u }).click()
    await page.getByRole('button', { name: /^Leave out: It may send/u }).click()
    await page.getByText('Nothing is left to approve').waitFor()
    await page.getByRole('button', { name: 'Approve …', disabled: true }).waitFor()
  })

  test('a passkey that does not verify its user approves nothing', async () => {
    const { path } = await ask()
    const { page, authenticator } = await come('alice', path)
    await authenticator.verifyUser(false)
    await signOn(page)
    await page.getByRole('alert').filter({ hasText: 'The passkey' }).waitFor()
    await authenticator.verifyUser(true)
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('button', { name: 'Approve with passkey' }).click()
    await seeApproved(page)
  })

  test('a denial reaches the agent with its reason', async () => {
    const { path, collect } = await ask()
    const { page } = await come('alice', path)
    await page.getByRole('button', { name: 'Deny …' }).click()
    await page.getByLabel('Reason (optional)').fill('Not this week')
    await page.getByRole('button', { name: 'Deny', exact: true }).click()
    await page.getByRole('status').filter({ hasText: 'Not this week' }).waitFor()
    await expect(collect()).rejects.toMatchObject({ code: 'access_denied', reason: 'Not this week' })
  })

  test('two people approve the same, the second no less and no more', async () => {
    const { path, collect } = await ask({ workflow: { id: 'payments' } })
    const alice = await come('alice', path)
    await alice.page.getByText('This takes two people').waitFor()
    await alice.page.getByLabel('How long').selectOption('300')
    await signOn(alice.page)
    await alice.page.getByText('It takes a second person.').waitFor()
    const bob = await come('bob', '/')
    await bob.page.getByText('It needs your second approval.').waitFor()
    await bob.page.getByRole('link', { name: 'Read and decide' }).click()
    await bob.page.getByText('alice approved this.').waitFor()
    // Where the first person has fields, the second one has facts.
    await bob.page.getByRole('definition').filter({ hasText: 'from the approval' }).waitFor()
    expect(await bob.page.getByLabel('How long').count()).toBe(0)
    await approveOn(bob.page)
    // Whoever went first sees it as well, without reloading.
    await seeApproved(alice.page)
    const { leaf } = await collect()
    expect(leaf.validUntil - leaf.validFrom).toBe(300_000)
  })

  test('several requests of one agent are approved at once', async () => {
    const wallet = createMemoryWallet()
    const client = wallet.authority(world.origin)
    await client.createRequest(asked({ agentName: 'Twice' }))
    await client.createRequest(asked({ agentName: 'Twice', capabilities: [READ], maxUses: 3 }))
    const { page } = await come('alice', '/')
    await page.getByRole('link', { name: 'Decide the 2 requests of this agent together' }).click()
    await page.getByRole('button', { name: 'Approve 2 …' }).click()
    await page.getByText('Request 2 of 2').waitFor()
    await page.getByRole('button', { name: 'Approve with passkey' }).click()
    await page.getByText('Nothing of this agent waits for you').waitFor()
  })

  test('an agent that was allowed terms by itself need not ask again', async () => {
    const { path, wallet } = await ask({ agentName: 'Regular', capabilities: [READ] })
    const { page } = await come('alice', path)
    await page.getByRole('button', { name: 'Approve …' }).click()
    await page.getByLabel('From now on, allow this agent these terms by itself').check()
    await page.getByRole('button', { name: 'Approve with passkey' }).click()
    await seeApproved(page)
    const again = await wallet
      .authority(world.origin)
      .createRequest(asked({ capabilities: [READ], maxUses: 7 }))
    expect(again.status).toBe('approved')
    await page.goto(world.url('/settings'))
    await page.getByRole('button', { name: 'Take back …' }).click()
    await page.getByRole('button', { name: 'Take back', exact: true }).click()
    await page.getByText('Every agent asks you.').waitFor()
  })

  test('an agent changes its request while it is read: nothing is approved until that is read too', async () => {
    const { path, wallet, id } = await ask({ capabilities: [READ] })
    const { page } = await come('alice', path)
    await page.getByRole('button', { name: 'Approve …' }).waitFor()
    await wallet
      .authority(world.origin)
      .changeRequest(id, { version: 1, terms: asked({ capabilities: [READ, COMMENT] }) })
    await page.getByRole('alert').filter({ hasText: 'The agent changed its request' }).waitFor()
    await page.getByText(/New: It may send to \(POST\)/u).waitFor()
    await page.getByRole('button', { name: 'Approve …', disabled: true }).waitFor()
    expect(await page.locator('.permission').count()).toBe(1)
    await page.getByRole('button', { name: 'Show me the request as it is now' }).click()
    await page.locator('.permission').nth(1).waitFor()
    await approveOn(page)
  })

  test('a change between reading and signing makes the approval fail', async () => {
    const { path, wallet, id } = await ask({ capabilities: [READ] })
    const { page } = await come('alice', path)
    await page.getByRole('button', { name: 'Approve …' }).click()
    await page.locator('.final-terms').waitFor()
    await wallet
      .authority(world.origin)
      .changeRequest(id, { version: 1, terms: asked({ capabilities: [READ, COMMENT] }) })
    await page.getByRole('button', { name: 'Approve with passkey' }).click()
    await page.getByText('approval_mismatch').waitFor()
    await page.getByRole('button', { name: 'Close' }).last().click()
    await page.getByText(/New: It may send to \(POST\)/u).waitFor()
  })

  test('nothing is signed when the authority shows other words than would be signed', async () => {
    const { path } = await ask({ capabilities: [READ] })
    const { page } = await come('alice', path)
    await page.route('**/api/approvals', async (route) => {
      const answer = await route.fetch()
      const prepared = await answer.json()
      await route.fulfill({
        response: answer,
        json: { ...prepared, sentences: [['It may read one issue.']] },
      })
    })
    await page.getByRole('button', { name: 'Approve …' }).click()
    await page.getByText('The authority does not show what you would sign.').waitFor()
    expect(await page.getByRole('button', { name: 'Approve with passkey' }).count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0)
  })

  test('two tabs: what is decided in one is decided in the other', async () => {
    const { path } = await ask()
    const visitor = await come('alice', path)
    const other = await visitor.tab(path)
    await approveOn(visitor.page)
    await seeApproved(other)
    await other.getByRole('button', { name: 'Approve …' }).waitFor({ state: 'detached' })
  })

  test('without a network nothing that was entered is lost', async () => {
    const { path, collect } = await ask()
    const { page } = await come('alice', path)
    await page.getByRole('button', { name: 'Deny …' }).click()
    await page.getByLabel('Reason (optional)').fill('Typed before the train went into the tunnel')
    await page.context().setOffline(true)
    await page.getByRole('button', { name: 'Deny', exact: true }).click()
    await page.getByText('No connection to the authority.').waitFor()
    await page.context().setOffline(false)
    await page.getByRole('button', { name: 'Deny', exact: true }).click()
    await page.getByRole('status').filter({ hasText: 'Typed before the train' }).waitFor()
    await page.getByText('No connection to the authority.').waitFor({ state: 'detached' })
    await expect(collect()).rejects.toMatchObject({ reason: 'Typed before the train went into the tunnel' })
  })

  test('a session that ends keeps the page as it was', async () => {
    const { path } = await ask()
    const visitor = await come('alice', path)
    const { page } = visitor
    await page.getByLabel('How many requests at most').fill('7')
    await page.context().clearCookies()
    await page.getByRole('button', { name: 'Approve …' }).click()
    await page.getByText('You were signed out').first().waitFor()
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByText('Sign in again as').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Close' }).last().click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await page.getByLabel('How many requests at most').inputValue()).toBe('7')
  })

  test('revoking stops a delegation and all below it; the tree is walked by keyboard', async () => {
    const { path, wallet, collect } = await ask({ agentName: 'Parent' })
    const { page } = await come('alice', path)
    await approveOn(page)
    const parent = await collect()
    const helper = createMemoryWallet()
    await wallet.delegate({ to: helper.did, capabilities: [READ] })
    await page.getByRole('link', { name: 'Active', exact: true }).first().click()
    const card = page.locator('article').filter({ hasText: 'Parent for alice' })
    const [top, below] = [0, 1].map((index) => card.locator(`[role=treeitem][aria-level="${index + 1}"]`))
    await below?.waitFor()
    await top?.focus()
    await page.keyboard.press('ArrowDown')
    await card.getByRole('treeitem', { selected: true, level: 2 }).waitFor()
    await page.keyboard.press('Home')
    await card.getByRole('treeitem', { selected: true, level: 1 }).waitFor()
    await card.getByRole('button', { name: 'Revoke …' }).click()
    await page.getByText('so is the one below it').waitFor()
    await page.getByRole('button', { name: 'Revoke', exact: true }).click()
    await card.waitFor({ state: 'detached' })
    const listed = await world.authority.issuer.listDelegations()
    expect(listed.find(({ id }) => id === parent.leaf.id)?.revoked).toBeDefined()
  })

  test('stopping everything of mine leaves nothing active', async () => {
    const { path } = await ask()
    const { page } = await come('alice', path)
    await approveOn(page)
    await page.goto(world.url('/active'))
    await page.getByRole('button', { name: 'Stop everything of mine …' }).click()
    await page.getByRole('button', { name: 'Stop everything', exact: true }).click()
    await page.getByText('No agent may do anything for you right now.').waitFor()
  })

  test('on a phone, in the dark, everything is in reach and nothing sticks out', async () => {
    const { path } = await ask()
    const { page } = await come('alice', path, { phone: true, dark: true })
    await page.getByRole('button', { name: 'Approve …' }).waitFor()
    await seeDark(page)
    expect(await overflow(page)).toBe(0)
    await signOn(page)
    await seeApproved(page)
    expect(await overflow(page)).toBe(0)
  })

  test('the choice of colours is kept, and needs no style of its own', async () => {
    const { page } = await come('alice', '/settings')
    await page.getByLabel('Colours').selectOption('dark')
    await seeDark(page)
    await page.reload()
    await page.getByLabel('Colours').waitFor()
    await seeDark(page)
    expect(await page.locator('style').count()).toBe(0)
    await page.getByLabel('Colours').selectOption('auto')
    await page.locator('html[data-mantine-color-scheme="light"]').waitFor()
  })

  test('names that try to run, to hide or to pose do none of it', async () => {
    const { path } = await ask({
      agentName: '<img src=x onerror=alert(1)>',
      purpose: '</script><svg onload=alert(2)>',
    })
    const { page } = await come('alice', path)
    await page
      .getByRole('heading', { level: 1 })
      .filter({ hasText: '<img src=x onerror=alert(1)>' })
      .waitFor()
    await page.getByText('</script><svg onload=alert(2)>', { exact: true }).waitFor()
    expect(await page.locator('img, [onload], [onerror]').count()).toBe(0)
    const posing = await ask({ agentName: '\u0421alendar Bot' })
    await page.goto(world.url(posing.path))
    await page.getByText('Careful with this name').waitFor()
    await page.locator('.fingerprint').first().waitFor()
  })

  test('anybody checks a delegation with its evidence in the browser; nothing of it is sent', async () => {
    const { path, wallet, id } = await ask()
    const alice = await come('alice', path)
    await approveOn(alice.page)
    const collected = await wallet.authority(world.origin).collect(id)
    const { page } = await come('alice', '/verify')
    const calls: string[] = []
    page.on('request', (request) => calls.push(request.url()))
    await page.getByLabel('Delegation, bundle or evidence').fill(JSON.stringify(collected))
    await page.getByRole('button', { name: 'Check it' }).click()
    await page.getByText('Everything that could be checked is right').waitFor()
    await page.getByText('Yes: The evidence is of exactly this delegation').waitFor()
    expect(calls).toEqual([])
    await page.getByLabel('Delegation, bundle or evidence').fill(tamper(JSON.stringify(collected)))
    await page.getByRole('button', { name: 'Check it' }).click()
    await page.getByText('Do not rely on this').waitFor()
  })

  test('passkeys are added, named and removed, and recovery codes let one in', async () => {
    const { page } = await come('bob', '/passkeys')
    await page.getByRole('button', { name: 'Make ten new codes' }).click()
    await page.locator('.codes li').nth(9).waitFor()
    const codes = await page.locator('.codes li').allTextContents()
    expect(codes).toHaveLength(10)
    await page.getByRole('button', { name: 'Rename My first passkey' }).click()
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Laptop')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'Laptop' }).waitFor()
    const stranger = await visit(browser, world)
    await stranger.open('/recover')
    await stranger.page.getByLabel('Your id').fill('bob')
    await stranger.page.getByLabel('A recovery code').fill(codes[0] ?? '')
    await stranger.page.getByLabel('Name of this passkey').fill('Phone')
    await stranger.page.getByRole('button', { name: 'Make a new passkey' }).click()
    await stranger.page.getByRole('button', { name: 'Bob' }).waitFor()
    await stranger.leave()
    // Whoever recovers ends every other session, so that a thief who was signed in is out.
    await page.getByText('You were signed out').waitFor()
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('button', { name: 'Remove Phone' }).click()
    await page.getByRole('button', { name: 'Remove, confirm with a passkey' }).click()
    await page.getByRole('heading', { name: 'Phone' }).waitFor({ state: 'detached' })
  })

  test('a request that nobody decides in time ends while the page is open', async () => {
    let passed = 0
    const other = await openPageWorld({ clock: () => Date.now() + passed })
    const visitor = await visit(browser, other, { belongings: await claimAs(browser, other) })
    const { page } = visitor
    const { path } = await askFor(other)
    // The clock of the browser is moved as that of the authority is, so nobody waits for a quarter of an hour.
    await page.clock.install()
    await visitor.open(path)
    await page.getByRole('button', { name: 'Approve …' }).waitFor()
    passed = 900_000
    await page.clock.fastForward(passed)
    await page.getByText('Nobody decided this in time').waitFor()
    await page.getByRole('button', { name: 'Approve …' }).waitFor({ state: 'detached' })
    await visitor.leave()
    expect(visitor.faults).toEqual([])
    await other.end()
  })
})

/** Another sentence in the evidence, in JSON that is still JSON. */
function tamper(text: string): string {
  return text.replace('It acts on behalf of', 'It works on behalf of')
}

/** The page is painted in dark colours. */
async function seeDark(page: Page): Promise<void> {
  await page.waitForFunction(() => getComputedStyle(document.body).backgroundColor === 'rgb(20, 22, 26)')
}
