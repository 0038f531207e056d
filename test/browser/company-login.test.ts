import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { claim } from '../../packages/authority/test/support/browser.ts'
import { type Company, startCompany } from '../../packages/authority/test/support/company.ts'
import { freePort } from '../support/free-port.ts'
import { describeNeeding } from '../support/needs.ts'
import { approveOn, seeApproved, signOn } from './support/approve-on.ts'
import { askFor } from './support/ask-for.ts'
import { openPageWorld, type PageWorld } from './support/page-world.ts'
import { startBrowser } from './support/start-browser.ts'
import { type Visitor, visit } from './support/visitor.ts'

const CAROL = { sub: 'u-1', preferred_username: 'carol', name: 'Carol Company', groups: ['deciders'] }

describeNeeding('browser', 'company login in a browser, at a provider on another site', () => {
  let browser: Browser
  let company: Company
  let world: PageWorld
  let visitor: Visitor

  beforeAll(async () => {
    browser = await startBrowser()
  })
  beforeEach(async () => {
    const port = await freePort()
    company = await startCompany(`http://localhost:${port}`, await freePort(), { asks: true })
    company.employee = CAROL
    world = await openPageWorld({ port, oidc: company.options })
    await claim(world)
    visitor = await visit(browser, world, { elsewhere: company.issuer })
  })
  afterEach(async () => {
    await visitor.leave()
    expect(visitor.faults).toEqual([])
    await world.end()
  })
  afterAll(() => browser.close())

  async function signInAtCompany(page: Page): Promise<void> {
    await page.getByRole('link', { name: 'Sign in with company login' }).click()
    await page.getByRole('button', { name: 'Sign in as carol' }).click()
  }

  test('somebody comes back to the request that they wanted to read, and approves it with a passkey', async () => {
    const { page } = visitor
    const { path, collect } = await askFor(world, { onBehalfOf: { id: 'carol' } })
    await visitor.open(path)
    const back = page.waitForRequest(`${world.origin}/api/oidc/callback?*`)
    const landed = page.waitForRequest(world.origin + path)
    await signInAtCompany(page)
    // A navigation that the other site began: only the cookie of the login under way comes along.
    expect(await (await back).headerValue('cookie')).toMatch(/^__Host-behalf-login=[^;]+$/u)
    // The one after it began at this site.
    expect(await (await landed).headerValue('cookie')).toMatch(/^__Host-behalf-session=[\w-]{43}$/u)
    await page.getByRole('button', { name: 'Carol Company' }).waitFor()
    await page.waitForURL(world.origin + path)
    // Her session says who she is, and it does not approve.
    await signOn(page)
    await page.getByRole('alert').filter({ hasText: 'The passkey was not used' }).waitFor()
    await expect(collect()).rejects.toMatchObject({ code: 'authorization_pending' })
    await makePasskey(page)
    await visitor.open(path)
    await approveOn(page)
    expect((await collect()).leaf.approval?.method).toBe('passkey')
  })

  test('where the authority was set so, a login approves without a passkey, and everything says so', async () => {
    await world.end()
    const port = Number(new URL(world.origin).port)
    world = await openPageWorld({ port, oidc: company.options, dangerouslyLetLoginApprove: true })
    await claim(world)
    const { page } = visitor
    const { path, collect } = await askFor(world, { onBehalfOf: { id: 'carol' } })
    await visitor.open(path)
    await signInAtCompany(page)
    await page.getByRole('button', { name: 'Approve …' }).click()
    await page.getByText('Without a passkey nothing proves that it was you').waitFor()
    await page.getByRole('button', { name: 'Approve without a passkey' }).click()
    await seeApproved(page)
    const { leaf } = await collect()
    expect(leaf.approval?.method).toBe('login')
    await visitor.open(`/trace/${encodeURIComponent(leaf.id)}`)
    await page.getByText('that a person approved: login is no person').waitFor()
  }, 60_000)

  test('where it was not set so, a login is no way to approve', async () => {
    const { page } = visitor
    const { path } = await askFor(world, { onBehalfOf: { id: 'carol' } })
    await visitor.open(path)
    await signInAtCompany(page)
    await page.getByRole('button', { name: 'Approve …' }).click()
    await page.getByRole('button', { name: 'Approve with passkey' }).waitFor()
    expect(await page.getByRole('button', { name: 'Approve without a passkey' }).count()).toBe(0)
  })

  test('a session that ends is taken up again at the company, at the same request', async () => {
    const { page } = visitor
    const { path } = await askFor(world, { onBehalfOf: { id: 'carol' } })
    await visitor.open(path)
    await signInAtCompany(page)
    await page.getByRole('button', { name: 'Approve …' }).waitFor()
    await page.context().clearCookies({ domain: 'localhost' })
    await page.getByRole('button', { name: 'Approve …' }).click()
    const dialog = page.getByRole('dialog', { name: 'You were signed out' })
    await dialog.getByRole('link', { name: 'Sign in with company login' }).click()
    await page.getByRole('button', { name: 'Approve …' }).waitFor()
    await dialog.waitFor({ state: 'detached' })
  })

  test('groups give roles, each time somebody comes, and without one they stay outside', async () => {
    const { page } = visitor
    await visitor.open('/')
    await signInAtCompany(page)
    await page.getByRole('button', { name: 'Carol Company' }).click()
    await page.getByRole('menuitem', { name: 'Settings' }).waitFor()
    expect(await page.getByRole('menuitem', { name: 'People' }).count()).toBe(0)
    await signOut(page)
    // The provider still knows her, and asks nothing.
    company.employee = { ...CAROL, groups: ['deciders', 'watchers'] }
    await page.getByRole('link', { name: 'Sign in with company login' }).click()
    await page.getByRole('button', { name: 'Carol Company' }).click()
    await page.getByRole('menuitem', { name: 'People' }).waitFor()
    await signOut(page)
    company.employee = { ...CAROL, groups: [] }
    await page.getByRole('link', { name: 'Sign in with company login' }).click()
    await page.getByRole('alert').filter({ hasText: 'You may not do this.' }).waitFor()
    await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
  })
})

/** The first passkey, right after the login. */
async function makePasskey(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Close' }).last().click()
  await page.getByRole('button', { name: 'Carol Company' }).click()
  await page.getByRole('menuitem', { name: 'Passkeys and sign-in' }).click()
  await page.getByLabel('Its name').fill('Laptop')
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByRole('heading', { name: 'Laptop' }).waitFor()
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('link', { name: 'Sign in with company login' }).waitFor()
}
