import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runDrill } from './run-drill.ts'

test('leads from a request id to the person, the kill and a file that proves it', async () => {
  const steps = await runDrill()
  expect(steps.map(({ seconds }) => seconds > 0)).toEqual(steps.map(() => true))
  // The page tells each step, and how long it took.
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'incident.md'), 'utf8')
  for (const { step } of steps) expect(page).toContain(`| ${step} |`)
}, 120_000)
