import type { Browser, BrowserContext, Page } from 'playwright-core'
import { type Look, windowOf } from './looks.ts'
import type { PageWorld } from './page-world.ts'
import {
  addVirtualAuthenticator,
  type VirtualAuthenticator,
  type VirtualPasskey,
} from './virtual-authenticator.ts'
import { watchPage } from './watched-page.ts'

/** What a person keeps between two visits: their passkeys and their session. */
export interface Belongings {
  readonly passkeys: readonly VirtualPasskey[]
  readonly storage: Awaited<ReturnType<BrowserContext['storageState']>>
}

/** Somebody in front of a browser of their own. */
export interface Visitor {
  readonly page: Page
  readonly authenticator: VirtualAuthenticator
  /** What must not have happened on their page, see `watchPage`. */
  readonly faults: readonly string[]
  /** Opens an address of the authority. */
  open(path: string): Promise<void>
  /** Another tab of the same browser. */
  tab(path: string): Promise<Page>
  /** What they take home; to be called before somebody else uses their passkeys, whose counters only rise. */
  leave(): Promise<Belongings>
}

/** What a visit may want to be different. */
export interface VisitOptions extends Partial<Look> {
  readonly belongings?: Belongings
  /** Another origin that they mean to go to. */
  readonly elsewhere?: string
}

/** Opens a browser of their own for somebody. */
export async function visit(
  browser: Browser,
  world: Pick<PageWorld, 'origin'>,
  options: VisitOptions = {},
): Promise<Visitor> {
  const { belongings, elsewhere, phone = false, dark = false } = options
  const context = await browser.newContext({
    viewport: windowOf({ phone }),
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
    ...(belongings && { storageState: belongings.storage }),
  })
  context.setDefaultTimeout(20_000)
  const page = await context.newPage()
  const { faults } = watchPage(page, [world.origin, elsewhere])
  const authenticator = await addVirtualAuthenticator(page, belongings?.passkeys)
  return {
    page,
    authenticator,
    faults,
    open: async (path) => {
      await page.goto(world.origin + path)
      await page.getByRole('heading', { level: 1 }).waitFor()
    },
    tab: async (path) => {
      const other = await context.newPage()
      await other.goto(world.origin + path)
      await other.getByRole('heading', { level: 1 }).waitFor()
      return other
    },
    leave: async () => {
      const home = { passkeys: await authenticator.passkeys(), storage: await context.storageState() }
      await context.close()
      return home
    },
  }
}
