import type { Page } from 'playwright-core'
import type { ExampleWorld } from './example-world.ts'
import type { Visitor } from './visitor.ts'

/** One state of the page that people come to. */
export interface View {
  /** Also the name of its picture. */
  readonly name: string
  /** From the example when it is only known there. */
  readonly path: string | ((example: ExampleWorld) => string)
  /** What is done on the page before it is looked at. */
  readonly act?: (page: Page, example: ExampleWorld) => Promise<void>
}

/** What anybody sees. */
export const SIGNED_OUT: readonly View[] = [
  { name: 'sign-in', path: '/' },
  { name: 'join', path: '/join#code' },
  { name: 'recover', path: '/recover' },
  { name: 'verify', path: '/verify', act: checkCollected },
]

const requestPath = ({ request }: ExampleWorld): string => request

/** What somebody sees who is signed in. */
export const SIGNED_IN: readonly View[] = [
  { name: 'inbox', path: '/' },
  { name: 'request', path: requestPath },
  { name: 'approve', path: requestPath, act: openApproval },
  { name: 'deny', path: requestPath, act: (page) => press(page, 'Deny …') },
  { name: 'several', path: '/', act: openTogether },
  { name: 'decided', path: ({ decided }) => decided },
  { name: 'active', path: '/active' },
  { name: 'stop', path: '/active', act: (page) => press(page, 'Stop everything of mine …') },
  { name: 'suspend', path: '/active', act: (page) => press(page, 'Suspend …') },
  { name: 'suspended', path: '/active', act: rest },
  { name: 'resume', path: '/active', act: (page) => rest(page).then(() => press(page, 'Resume …')) },
  { name: 'history', path: '/history' },
  { name: 'search', path: '/search' },
  { name: 'trace', path: ({ called }) => `/trace/${called}` },
  { name: 'passkeys', path: '/passkeys' },
  { name: 'people', path: '/people' },
  { name: 'settings', path: '/settings' },
  { name: 'menu', path: '/settings', act: openMenu },
  { name: 'nothing', path: '/approve/urn:uuid:00000000-0000-4000-8000-000000000000' },
]

/** The visitor sees the view, and nothing of it is still on its way. */
export async function openView(view: View, visitor: Visitor, example: ExampleWorld): Promise<void> {
  const { page } = visitor
  await visitor.open(typeof view.path === 'string' ? view.path : view.path(example))
  // Of however many places that wait, until there is none.
  await page
    .getByText(/^Loading /u)
    .first()
    .waitFor({ state: 'detached' })
  await view.act?.(page, example)
}

async function checkCollected(page: Page, { collected }: ExampleWorld): Promise<void> {
  await page.getByLabel('Delegation, bundle or evidence').fill(collected)
  await page.getByRole('button', { name: 'Check it' }).click()
  await page.getByText('Everything that could be checked is right').waitFor()
}

async function openApproval(page: Page): Promise<void> {
  await press(page, 'Approve …')
  await page.locator('.final-terms').waitFor()
}

async function openTogether(page: Page): Promise<void> {
  await page.getByRole('link', { name: /together/u }).click()
  await page.getByRole('button', { name: /^Approve \d/u }).waitFor()
}

/** The first delegation rests, whether or not it did before. */
async function rest(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^(?:Suspend|Resume) …$/u }).waitFor()
  if ((await page.getByRole('button', { name: 'Resume …' }).count()) > 0) return
  await press(page, 'Suspend …')
  await page.getByRole('button', { name: 'Suspend', exact: true }).click()
  await page.getByRole('button', { name: 'Resume …' }).waitFor()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name }).click()
  await page.getByRole('dialog').waitFor()
}

async function openMenu(page: Page): Promise<void> {
  await page.getByRole('button', { name: /Alice Example/u }).click()
  await page.getByRole('menu').waitFor()
}
