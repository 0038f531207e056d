import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from './support/source-files.ts'
import { openWorld, type World } from './support/world.ts'

const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
const EXAMPLE = /^```ts run\n(?<code>.*?)^```$/msu.exec(README)?.groups?.['code'] ?? ''

describe('the README', () => {
  let world: World
  // Beside this file, so that the example finds the packages as a project that installed them does.
  const folder = mkdtempSync(join(import.meta.dirname, 'readme-'))

  beforeAll(async () => {
    world = await openWorld()
  })
  afterAll(async () => {
    rmSync(folder, { recursive: true })
    await world.end()
  })

  test('is at most 150 lines, its example 12', () => {
    expect(README.trimEnd().split('\n').length).toBeLessThanOrEqual(150)
    expect(EXAMPLE.trimEnd().split('\n').length).toBeLessThanOrEqual(12)
  })

  test('has an example that runs as it stands', async () => {
    const file = join(folder, 'example.ts')
    writeFileSync(file, EXAMPLE)
    const child = spawn(process.execPath, ['--conditions=behalf-source', file], {
      env: { ...process.env, AUTHORITY: world.authority, API: world.api },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let printed = ''
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString('utf8')
    })
    const [[code]] = await Promise.all([once(child, 'close'), world.approveNext()])
    expect(code).toBe(0)
    expect(printed).toContain(`Please approve: ${world.authority}/approve/`)
    expect(printed).toContain("id: 'alice'")
  })

  test('names only files that exist', () => {
    const links = [...README.matchAll(/\]\((?!https?:)([^)#]+)/gu)].map((match) => match[1] ?? '')
    expect(links.length).toBeGreaterThan(5)
    for (const link of links) expect(() => readFileSync(join(ROOT, link)), link).not.toThrow('ENOENT')
  })
})
