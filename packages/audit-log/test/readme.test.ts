import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('the example of the README prints what it says', () => {
  const folder = join(import.meta.dirname, '..')
  const [, example = ''] = /```js\n(.*?)```/su.exec(readFileSync(join(folder, 'README.md'), 'utf8')) ?? []
  const expected = Array.from(example.matchAll(/console\.log\(.*\) \/\/ (.*)/gu), ([, text]) => text)
  expect(expected.length).toBeGreaterThan(0)
  const args = ['--conditions=behalf-source', '--input-type=module', '--eval', example]
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  expect([stderr, ...stdout.trimEnd().split('\n')]).toEqual(['', ...expected])
})
