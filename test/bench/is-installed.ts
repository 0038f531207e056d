import { createRequire } from 'node:module'

/** Whether `@behalf/core` finds a package that it can do without. */
export function isInstalled(name: string): boolean {
  try {
    createRequire(new URL('../../packages/core/package.json', import.meta.url)).resolve(name)
    return true
  } catch {
    return false
  }
}
