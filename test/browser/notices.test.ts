import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Browser, Page } from 'playwright-core'
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
    await page
      .getByRole('group', { name: 'Tell it when' })
      .getByLabel('A request ran out undecided')
      .uncheck()
    await page.getByLabel('Its URL').press('Enter')
    const card = page.getByRole('article', { name: `Webhook ${url}` })
    await card.getByText('Nothing was delivered yet.').waitFor()
    await card.getByText(/whpk_/u).waitFor()
    const { path } = await askFor(world)
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(1)
    expect(received[0]?.headers['webhook-signature']).toMatch(/^v1a,/u)
    expect(received[0]?.text).toContain(`"url":"${world.origin}${path}"`)
    // The page looks again every few seconds; whoever opens it sees it at once.
    await alice.open('/settings')
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

  test('a browser shows what is pushed to it, once, and a click opens the request', async () => {
    const { page, faults } = alice
    const context = page.context()
    await context.grantPermissions(['notifications'], { origin: world.origin })
    await page.addInitScript(simulatePushService)
    await alice.open('/settings')
    const [worker] = await Promise.all([
      context.waitForEvent('serviceworker'),
      page.getByRole('button', { name: 'Show notices in this browser' }).click(),
    ])
    const card = page.getByRole('article', { name: 'This browser' })
    await card.getByText('A request waits for you').waitFor()

    const { id, path } = await askFor(world, { workflow: { id: 'pushed' } })
    const data = JSON.stringify({
      type: 'request.waiting',
      data: { request: id, agent_name: 'Issue sorter', url: `${world.origin}${path}` },
    })
    await worker.evaluate(simulateScreen)
    const push = await pusher(page, world.origin)
    await push(data)
    await push(data)
    const shown = () => worker.evaluate(() => Object.values((globalThis as unknown as SimulatedScreen).shown))
    const body = 'Issue sorter (key unknown) asks to act for you.'
    await expect.poll(shown).toEqual([{ title: 'A request waits for you', body, data: path }])
    expect(await worker.evaluate(clickNotice)).toBe(`${world.origin}${path}`)

    await page.getByRole('button', { name: 'Show no more here' }).click()
    await page.getByRole('button', { name: 'Show notices in this browser' }).waitFor()
    expect(faults).toEqual([])
  })

  test('a browser that may not show notices says what to do', async () => {
    const { page } = alice
    await page.context().clearPermissions()
    await alice.open('/settings')
    await page.getByRole('button', { name: 'Show notices in this browser' }).click()
    await page.getByRole('alert').filter({ hasText: 'Allow them for this site' }).waitFor()
  })
})

/** Runs in the page: stands for the push service of the browser, which a test cannot reach. */
function simulatePushService(): void {
  let subscription: PushSubscription | null = null
  const prototype = PushManager.prototype
  const text = (bytes: Uint8Array): string =>
    btoa(String.fromCharCode(...bytes))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '')
  prototype.getSubscription = async () => subscription
  prototype.subscribe = async () => {
    const keys = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
    const p256dh = text(new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey)))
    const auth = text(crypto.getRandomValues(new Uint8Array(16)))
    const endpoint = 'https://127.0.0.1:9/simulated'
    const made = {
      endpoint,
      toJSON: () => ({ endpoint, keys: { p256dh, auth } }),
      unsubscribe: async () => {
        subscription = null
        return true
      },
    }
    subscription = made as unknown as PushSubscription
    return subscription
  }
}

/** Returns what hands a message to the service worker, as the browser does once it has decrypted one. */
async function pusher(page: Page, origin: string): Promise<(data: string) => Promise<void>> {
  const session = await page.context().newCDPSession(page)
  const { promise, resolve } = Promise.withResolvers<string>()
  session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    const [first] = registrations.filter(({ isDeleted }) => !isDeleted)
    if (first) resolve(first.registrationId)
  })
  await session.send('ServiceWorker.enable')
  const registrationId = await promise
  return async (data) => {
    await session.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data })
  }
}

/** What a service worker shows, by its tags, where the browser has no screen to show it on. */
interface SimulatedScreen {
  readonly shown: Record<string, { readonly title: string; readonly body: unknown; readonly data: unknown }>
}

/** Runs in the service worker: a browser without a screen lets nobody show notices, whatever was granted. */
function simulateScreen(): void {
  const shown: SimulatedScreen['shown'] = {}
  const scope = globalThis as unknown as { registration: ServiceWorkerRegistration }
  Object.assign(globalThis, { shown })
  scope.registration.showNotification = async (title, { tag = '', body, data } = {}) => {
    shown[tag] = { title, body, data }
  }
}

/** Runs in the service worker: a click on what is shown. Opening a tab takes a real finger, so it is only noted. */
async function clickNotice(): Promise<string> {
  const scope = globalThis as unknown as SimulatedScreen & {
    clients: { openWindow: (url: string) => Promise<null> }
    ExtendableEvent: new (type: string) => Event
    dispatchEvent: (event: Event) => boolean
  }
  const { promise, resolve } = Promise.withResolvers<string>()
  scope.clients.openWindow = async (url) => {
    resolve(url)
    return null
  }
  const [notice] = Object.values(scope.shown)
  const click = new scope.ExtendableEvent('notificationclick')
  const notification = { data: notice?.data, close: () => undefined }
  scope.dispatchEvent(Object.defineProperty(click, 'notification', { value: notification }))
  return promise
}
