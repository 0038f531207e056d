import { spawn } from 'node:child_process'

/** Asks the desktop to show an address. Where there is none, nothing happens: the address was printed as well. */
export function openInBrowser(url: string): void {
  const [command, ...args] = commandFor(process.platform)
  if (command === undefined) return
  const child = spawn(command, [...args, url], { detached: true, stdio: 'ignore' })
  child.on('error', () => undefined)
  child.unref()
}

function commandFor(platform: NodeJS.Platform): readonly string[] {
  if (platform === 'darwin') return ['open']
  if (platform === 'win32') return ['explorer.exe']
  const { DISPLAY, WAYLAND_DISPLAY } = process.env
  return DISPLAY || WAYLAND_DISPLAY ? ['xdg-open'] : []
}
