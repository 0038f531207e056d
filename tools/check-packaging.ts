import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

// What an outsider would install must resolve: exports, types and files of every package, as publint sees them.
const root = join(import.meta.dirname, '..')
const folders = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name))
folders.push(join(root, 'apps', 'behalf'))

let problems = 0
for (const folder of folders) {
  const { messages, pkg } = await publint({ pkgDir: folder, level: 'warning', strict: true, pack: false })
  for (const message of messages) {
    problems += 1
    console.error(`${pkg['name']}: ${formatMessage(message, pkg)}`)
  }
}
console.log(`packaging: ${folders.length} packages, ${problems} problems`)
process.exitCode = problems === 0 ? 0 : 1
