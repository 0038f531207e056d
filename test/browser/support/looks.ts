import type { Page } from 'playwright-core'

/** How a page is looked at. */
export interface Look {
  /** 360 pixels wide. */
  readonly phone: boolean
  readonly dark: boolean
}

/** Every way in which people look at the page. */
export const LOOKS: readonly Look[] = [
  { phone: false, dark: false },
  { phone: false, dark: true },
  { phone: true, dark: true },
  { phone: true, dark: false },
]

/** Width and height of the window, in pixels. */
export function windowOf({ phone }: Pick<Look, 'phone'>): { width: number; height: number } {
  return phone ? { width: 360, height: 740 } : { width: 1100, height: 800 }
}

/** The open page has this look, and is painted so. */
export async function lookAt(page: Page, look: Look): Promise<void> {
  const scheme = look.dark ? 'dark' : 'light'
  await page.emulateMedia({ colorScheme: scheme })
  await page.setViewportSize(windowOf(look))
  await page.locator(`html[data-mantine-color-scheme="${scheme}"]`).waitFor()
  await page.evaluate(async () => {
    // What follows the size of the window is drawn in the frame after the one that learns of it.
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame)
  })
}
