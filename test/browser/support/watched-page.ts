import type { Page } from 'playwright-core'

/** What went wrong on a page without anybody seeing it. */
export interface Watch {
  /** Violations of the page's policy, uncaught errors, scripts of others that ran, calls to other hosts. */
  readonly faults: readonly string[]
}

/**
 * Collects what must not happen on a page from now on.
 *
 * @param origins - what it may call
 */
export function watchPage(page: Page, origins: readonly (string | undefined)[]): Watch {
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
  page.on('dialog', (dialog) => {
    faults.push(`a script of somebody else ran: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    if (/Content.Security.Policy/iu.test(message.text())) faults.push(message.text())
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (!origins.includes(url.origin) && url.protocol !== 'data:') faults.push(`call to ${url.origin}`)
  })
  return { faults }
}
