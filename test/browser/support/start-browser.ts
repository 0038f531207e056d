import { type Browser, chromium } from 'playwright-core'
import { BROWSER_ARGUMENTS, findBrowser } from './find-browser.ts'

/** Starts the Chromium that `findBrowser` found. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = await findBrowser()
  if (executablePath === undefined) throw new Error('No browser starts on this machine')
  return chromium.launch({ executablePath, args: [...BROWSER_ARGUMENTS] })
}
