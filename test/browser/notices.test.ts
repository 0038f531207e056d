import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { describeNeeding } from '../support/needs.ts'
import { askFor } from './support/ask-for.ts'
import { listFaults } from './support/list-faults.ts'
import { LOOKS, lookAt } from './support/looks.ts'
import { openPageWorld, type PageWorld } from './support/page-world.ts'
import { claimAs } from './support/people.ts'
import { startBrowser } from './support/start-browser.ts'
import { type Visitor, visit } from './support/visitor.ts'

describeNeeding('browser', 'people say in a browser where they are told what waits for them', () => {
  let browser: Browser
  let world: PageWorld
  let server: Server
  let alice: Visitor
  let status = 204
  let url: string
  const received: { readonly headers: IncomingMessage['headers']; readonly text: string }[] = []

  beforeAll(async () => {
    ;[browser, world] = [await startBrowser(), await openPageWorld()]
    const port = await freePort()
    url = `http://localhost:${port}/hook`
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      received.push({ headers: request.headers, text: Buffer.concat(chunks).toString() })
      response.writeHead(status).end()
    })
    server.listen(port, 'localhost')
    alice = await visit(browser, world, { belongings: await claimAs(browser, world) })
  })
  afterAll(async () => {
    await browser.close()
    await world.end()
    server.close()
  })

  test('a webhook is added with a passkey, and a request that waits arrives there', async () => {
    const { page, faults } = alice
    await alice.open('/settings')
    await page.getByLabel('Its URL').fill(url)
    await page.getByLabel('A request ran out undecided').uncheck()
    await page.getByLabel('Its URL').press('Enter')
    const card = page.getByRole('article', { name: `Webhook ${url}` })
    await card.getByText('Nothing was delivered yet.').waitFor()
    await card.getByText(/whpk_/u).waitFor()
    const { path } = await askFor(world)
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(1)
    expect(received[0]?.headers['webhook-signature']).toMatch(/^v1a,/u)
    expect(received[0]?.text).toContain(`"url":"${world.origin}${path}"`)
    await card.getByText(/^Last delivered/u).waitFor()
    expect(faults).toEqual([])
  })

  test('a test says what came of it, and the webhook is removed', async () => {
    const { page, faults } = alice
    await alice.open('/settings')
    const card = page.getByRole('article', { name: `Webhook ${url}` })
    status = 500
    await card.getByRole('button', { name: `Send a test to ${url}` }).click()
    await card.getByText(/it answered 500/u).waitFor()
    for (const look of LOOKS) {
      await lookAt(page, look)
      await expect.poll(() => listFaults(page), { timeout: 10_000 }).toEqual([])
    }
    await card.getByRole('button', { name: `Remove ${url}` }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click()
    await card.waitFor({ state: 'detached' })
    expect(faults).toEqual([])
  })

  test('an address that notices may not go to is refused in words', async () => {
    const { page } = alice
    await alice.open('/settings')
    await page.getByLabel('Its URL').fill('https://10.0.0.1/hook')
    await page.getByRole('button', { name: 'Add a webhook' }).click()
    await page.getByRole('alert').filter({ hasText: 'input_invalid' }).waitFor()
  })
})
