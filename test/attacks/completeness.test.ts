import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
import { ROOT, readSourceFiles } from '../support/source-files.ts'
import { GROUPS } from './cases/index.ts'
import { DECIDED } from './decided.ts'
import { readCatalogue } from './support/catalogue.ts'
import waiting from './waiting.json' with { type: 'json' }

const run = GROUPS.flatMap(({ catalogue }) => Object.keys(catalogue))
const wait = waiting.flatMap(({ ids }) => ids)

describeNeeding('attacks', 'the attack catalogue and the cases here', () => {
  const catalogue = readCatalogue()

  test('every case runs or waits, and none does both', () => {
    expect([...run, ...wait].toSorted()).toEqual(catalogue.map(({ id }) => id).toSorted())
  })

  test('every group that has cases goes by its name in the catalogue', () => {
    const named = new Map(catalogue.map(({ id, group }) => [id, group]))
    for (const group of GROUPS) {
      for (const id of Object.keys(group.catalogue)) expect(named.get(id), id).toBe(group.name)
    }
  })

  test('every decided code is another one than the catalogue’s', () => {
    const codes = new Map(catalogue.map(({ id, expect_code }) => [id, expect_code]))
    for (const [id, decided] of Object.entries(DECIDED)) {
      expect(codes.has(id), id).toBe(true)
      for (const { code } of decided) expect(code, id).not.toBe(codes.get(id))
    }
  })
})

test.each(waiting)('nothing is there yet that $ids waits for: $subject', ({ subject }) => {
  expect(isThere(subject)).toBe(false)
})

test('a subject that is there is seen', () => {
  expect(isThere('packages/core')).toBe(true)
  expect(isThere('packages/core/src#verifyEd25519')).toBe(true)
  expect(isThere('packages/core/package.json#@behalf/core')).toBe(true)
})

test('every decision has its record', () => {
  for (const { record } of Object.values(DECIDED).flat()) {
    expect(existsSync(join(ROOT, 'docs', 'decisions', record)), record).toBe(true)
  }
})

test('the ids of our own cases are unique', () => {
  const ids = GROUPS.flatMap(({ own }) => Object.keys(own))
  expect(new Set(ids).size).toBe(ids.length)
})

/** Whether a path is there, and, behind `#`, whether a file at or below it holds this text. */
function isThere(subject: string): boolean {
  const [path = '', text] = subject.split('#', 2)
  if (!existsSync(join(ROOT, path))) return false
  if (text === undefined) return true
  if (/\.[a-z]+$/.test(path)) return readFileSync(join(ROOT, path), 'utf8').includes(text)
  return readSourceFiles(path).some((file) => file.text.includes(text))
}
