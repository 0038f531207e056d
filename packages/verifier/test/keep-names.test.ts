import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { keepNames } from '../src/keep-names.ts'

test('the names beside a file are synced, and a folder that cannot be is not passed over', () => {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-names-'))
  const file = join(folder, 'verifier.db')
  writeFileSync(file, '')
  expect(() => keepNames(file)).not.toThrow()
  rmSync(folder, { recursive: true })
  expect(() => keepNames(file)).toThrow(/ENOENT/u)
})
