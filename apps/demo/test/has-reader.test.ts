import { expect, test } from 'vitest'
import { hasReader } from '../src/has-reader.ts'

const NOTHING = { auto: false, browser: false }
const TERMINAL = [{ isTTY: true }, { isTTY: true }]
const PIPE = [{ isTTY: true }, {}]

test.each([
  ['at a terminal the reader decides', NOTHING, TERMINAL, true],
  ['in a pipe a program does', NOTHING, PIPE, false],
  ['with --auto a program does, also at a terminal', { ...NOTHING, auto: true }, TERMINAL, false],
  ['with --browser the reader does, also in a pipe', { ...NOTHING, browser: true }, PIPE, true],
])('%s', (_, values, streams, reads) => {
  expect(hasReader(values, streams)).toBe(reads)
})
