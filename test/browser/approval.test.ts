import { createMemoryWallet, type HeldDelegation, type Wallet } from '@behalf/wallet'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
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

  /** An agent asks; `held` is what it is given in the end. */
  async function ask(
    change: Partial<Asked> = {},
  ): Promise<{ path: string; wallet: Wallet; id: string; held: Promise<HeldDelegation> }> {
    const wallet = createMemoryWallet()
    const { promise, resolve } = Promise.withResolvers<{ id: string; approvalUrl: string }>()
    const held = wallet.requestDelegation({ authority: world.origin, ...asked(change), onPending: resolve })
    held.catch(() => undefined)
    const { id, approvalUrl } = await promise
    return { path: approvalUrl.slice(world.origin.length), wallet, id, held }
  }

  async function approve(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Approve …' }).click()
    await page.locator('.final-terms').waitFor()
    await page.getByRole('button', { name: 'Approve with passkey' }).click()
  }

  test('a request appears by itself, is approved with a passkey, and the evidence proves it', async () => {
    const { page } = await come('alice', '/')
    const { held } = await ask()
    await page.getByText('Issue sorter asks to act for alice').waitFor()
    await page.getByRole('link', { name: 'Read and decide' }).click()
    await page.getByText(/It may read \(GET\) "\/projects\/ACME\/issues\/"/u).waitFor()
    expect(await page.locator('.fingerprint').first().textContent()).toMatch(/^(?:[0-9a-f]{4} ?){8}$/u)
    await approve(page)
    await page.getByRole('status').filter({ hasText: 'Approved' }).first().waitFor()
    const { leaf } = await held
    expect(leaf.approval?.method).toBe('passkey')
  })

  test('what is approved is what was left of it', async () => {
    const { path, held } = await ask()
    const { page } = await come('alice', path)
    await page.getByRole('button', { name: /^Leave out: It may send to/u }).click()
    await page.getByLabel('How long').selectOption('60')
    await page.getByLabel('How many requests at most').fill('5')
    await page.getByLabel('May pass part of this on').uncheck()
    await page.getByText('Less than asked: 1 permission left out').waitFor()
    await approve(page)
    const { leaf } = await held
    expect(leaf).toMatchObject({ capabilities: [READ], maxUses: 5, maxDelegationDepth: 0 })
    expect(leaf.validUntil - leaf.validFrom).toBe(60_000)
  })

  test('nothing can be approved once everything is left out', async () => {
    const { path } = await ask()
    const { page } = await come('alice', path)
    for (const button of await page.getByRole('button', { name: /^Leave out: / }).all()) await button.click()
    expect(await page.getByRole('button', { name: 'Approve …' }).isDisabled()).toBe(true)
  })

  test('a passkey that does not verify its user approves nothing', async () => {
    const { path } = await ask()
    const { page, authenticator } = await come('alice', path)
    await authenticator.verifyUser(false)
    await approve(page)
    await page.getByRole('alert').filter({ hasText: 'The passkey' }).waitFor()
    await authenticator.verifyUser(true)
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('button', { name: 'Approve with passkey' }).click()
    await page.getByRole('status').filter({ hasText: 'Approved' }).first().waitFor()
  })

  test('a denial reaches the agent with its reason', async () => {
    const { path, held } = await ask()
    const { page } = await come('alice', path)
    await page.getByRole('button', { name: 'Deny …' }).click()
    await page.getByLabel('Reason (optional)').fill('Not this week')
    await page.getByRole('button', { name: 'Deny', exact: true }).click()
    await page.getByRole('status').filter({ hasText: 'Not this week' }).waitFor()
    await expect(held).rejects.toMatchObject({
      code: 'access_denied',
      reason: 'Not this week',
    })
  })

  test('two people approve the same, the second no less and no more', async () => {
    const { path, held } = await ask({ workflow: { id: 'payments' } })
    const alice = await come('alice', path)
    await alice.page.getByText('This takes two people').waitFor()
    await alice.page.getByLabel('How long').selectOption('300')
    await approve(alice.page)
    await alice.page.getByText('It takes a second person.').waitFor()
    const bob = await come('bob', '/')
    await bob.page.getByText('It needs your second approval.').waitFor()
    await bob.page.getByRole('link', { name: 'Read and decide' }).click()
    await bob.page.getByText('alice approved this.').waitFor()
    expect(await bob.page.getByLabel('How long').count()).toBe(0)
    await approve(bob.page)
    await bob.page.getByRole('status').filter({ hasText: 'Approved' }).first().waitFor()
    // Whoever went first sees it as well, without reloading.
    await alice.page.getByRole('status').filter({ hasText: 'Approved' }).first().waitFor()
    const { leaf } = await held
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
    const { path, wallet, held } = await ask({ agentName: 'Regular', capabilities: [READ] })
    const { page } = await come('alice', path)
    await page.getByRole('button', { name: 'Approve …' }).click()
    await page.getByLabel('From now on, allow this agent these terms by itself').check()
    await page.getByRole('button', { name: 'Approve with passkey' }).click()
    await held
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
    expect(await page.getByRole('button', { name: 'Approve …' }).isDisabled()).toBe(true)
    expect(await page.locator('.permission').count()).toBe(1)
    await page.getByRole('button', { name: 'Show me the request as it is now' }).click()
    await page.locator('.permission').nth(1).waitFor()
    expect(await page.locator('.permission').count()).toBe(2)
    await approve(page)
    await page.getByRole('status').filter({ hasText: 'Approved' }).first().waitFor()
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

  test('two tabs: what is decided in one is decided in the other', async () => {
    const { path } = await ask()
    const visitor = await come('alice', path)
    const other = await visitor.tab(path)
    await approve(visitor.page)
    await other.getByRole('status').filter({ hasText: 'Approved' }).first().waitFor()
    await other.getByRole('button', { name: 'Approve …' }).waitFor({ state: 'detached' })
  })

  test('without a network nothing that was entered is lost', async () => {
    const { path, held } = await ask()
    const { page } = await come('alice', path)
    await page.getByRole('button', { name: 'Deny …' }).click()
    await page.getByLabel('Reason (optional)').fill('Typed before the train went into the tunnel')
    await page.context().setOffline(true)
    await page.getByRole('button', { name: 'Deny', exact: true }).click()
    await page.getByText('No connection to the authority.').waitFor()
    await page.context().setOffline(false)
    await page.getByRole('button', { name: 'Deny', exact: true }).click()
    await expect(held).rejects.toMatchObject({ reason: 'Typed before the train went into the tunnel' })
    await page.getByText('No connection to the authority.').waitFor({ state: 'detached' })
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
    expect(await page.getByLabel('How many requests at most').inputValue()).toBe('7')
  })

  test('revoking stops a delegation and all below it; the tree is walked by keyboard', async () => {
    const { path, wallet, held } = await ask({ agentName: 'Parent' })
    const { page } = await come('alice', path)
    await approve(page)
    const parent = await held
    const helper = createMemoryWallet()
    await wallet.delegate({ to: helper.did, capabilities: [READ] })
    await page.getByRole('link', { name: 'Active', exact: true }).first().click()
    const card = page.locator('article').filter({ hasText: 'Parent for alice' })
    await card.getByRole('treeitem').nth(1).waitFor()
    await card.getByRole('treeitem').first().focus()
    await page.keyboard.press('ArrowDown')
    expect(await card.getByRole('treeitem').nth(1).getAttribute('aria-selected')).toBe('true')
    await page.keyboard.press('Home')
    await card.getByRole('button', { name: 'Revoke …' }).click()
    await page.getByText('so is the one below it').waitFor()
    await page.getByRole('button', { name: 'Revoke', exact: true }).click()
    await card.waitFor({ state: 'detached' })
    const listed = await world.authority.issuer.listDelegations()
    expect(listed.find(({ id }) => id === parent.leaf.id)?.revoked).toBeDefined()
  })

  test('stopping everything of mine leaves nothing active', async () => {
    const { path, held } = await ask()
    const { page } = await come('alice', path)
    await approve(page)
    await held
    await page.goto(world.url('/active'))
    await page.getByRole('button', { name: 'Stop everything of mine …' }).click()
    await page.getByRole('button', { name: 'Stop everything', exact: true }).click()
    await page.getByText('No agent may do anything for you right now.').waitFor()
  })

  test('on a phone, in the dark, everything is in reach and nothing sticks out', async () => {
    const { path, held } = await ask()
    const { page } = await come('alice', path, { phone: true, dark: true })
    const wide = () => page.evaluate(() => document.documentElement.scrollWidth)
    expect(await wide()).toBe(360)
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(20, 22, 26)')
    await approve(page)
    expect(await wide()).toBe(360)
    await held
  })

  test('the choice of colours is kept, and needs no style of its own', async () => {
    const { page } = await come('alice', '/settings')
    await page.getByLabel('Colours').selectOption('dark')
    await page.reload()
    await page.getByLabel('Colours').waitFor()
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(20, 22, 26)')
    expect(await page.locator('style').count()).toBe(0)
    await page.getByLabel('Colours').selectOption('auto')
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
    const { path, wallet, id, held } = await ask()
    const alice = await come('alice', path)
    await approve(alice.page)
    await held
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
})

describeNeeding('browser', 'a request that nobody decides in time', () => {
  test('ends while the page is open', async () => {
    const [browser, world] = [await startBrowser(), await openPageWorld({ requestSeconds: 3 })]
    const visitor = await visit(browser, world, { belongings: await claimAs(browser, world) })
    await createMemoryWallet().authority(world.origin).createRequest(asked())
    await visitor.open('/')
    await visitor.page.getByRole('link', { name: 'Read and decide' }).click()
    await visitor.page.getByRole('button', { name: 'Approve …' }).waitFor()
    await visitor.page.getByText('Nobody decided this in time').waitFor()
    await visitor.page.getByRole('button', { name: 'Approve …' }).waitFor({ state: 'detached' })
    await visitor.leave()
    expect(visitor.faults).toEqual([])
    await browser.close()
    await world.end()
  })
})

/** Another sentence in the evidence, in JSON that is still JSON. */
function tamper(text: string): string {
  return text.replace('It acts on behalf of', 'It works on behalf of')
}
