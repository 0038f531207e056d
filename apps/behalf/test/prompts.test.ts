import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { confirm, requireTerminal } from '../src/ask.ts'
import { describePrincipal } from '../src/request-words.ts'
import { showWaiting } from '../src/waiting.ts'
import { createTestIo } from './support/test-io.ts'

describe('a question', () => {
  test.each([
    ['y', true],
    ['Y', true],
    ['yes', true],
    ['YES', true],
    [' y ', true],
    ['n', false],
    ['', false],
    ['yy', false],
    ['yes please', false],
    ['j', false],
  ])('answered by %j is %s', async (typed, agreed) => {
    const { io, stdout, stderr } = createTestIo({ typed: [typed] })
    expect(await confirm(io, 'really?')).toBe(agreed)
    expect(stderr()).toBe('really? [y/N] ')
    expect(stdout()).toBe('')
  })

  test('that nobody answers is no', async () => {
    const { io } = createTestIo({ typed: ['ignored'], endOfInput: true })
    expect(await confirm(io, 'really?')).toBe(false)
  })

  test('is asked on a terminal only', () => {
    expect(() => requireTerminal(createTestIo({ typed: [] }).io, 'somebody has to say so')).not.toThrow()
    expect(() => requireTerminal(createTestIo().io, 'somebody has to say so')).toThrow(
      'somebody has to say so and there is no terminal to ask on',
    )
  })
})

describe('waiting', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('is shown with its time on a terminal, and wiped off at its end', () => {
    const time = { now: 0 }
    const { io, stdout, stderr } = createTestIo({ typed: [], clock: () => time.now })
    const stop = showWaiting(io, 'Waiting')
    expect(stderr()).toBe('\r\u001b[2KWaiting … 0 s (Ctrl-C stops the waiting)')
    time.now = 61_000
    vi.advanceTimersByTime(1000)
    expect(stderr()).toContain('Waiting … 1 min 1 s')
    stop()
    const shown = stderr()
    expect(shown.endsWith('\r\u001b[2K')).toBe(true)
    vi.advanceTimersByTime(5000)
    expect(stderr()).toBe(shown)
    expect(stdout()).toBe('')
  })

  test('is one line elsewhere', () => {
    const { io, stderr } = createTestIo()
    const stop = showWaiting(io, 'Waiting')
    vi.advanceTimersByTime(5000)
    stop()
    expect(stderr()).toBe('Waiting …\n')
  })
})

describe('a principal in words', () => {
  test.each([
    [{ id: 'alice' }, 'alice'],
    [{ id: 'alice', role: 'editor' }, 'alice as editor'],
    [{ id: 'alice', tenant: 'acme' }, 'alice in acme'],
    [{ id: 'alice', role: 'editor', tenant: 'acme' }, 'alice as editor in acme'],
    [{ id: 'al\u202eice', role: 'e\u001b[2J', tenant: 'a\nb' }, 'alice as e[2J in a b'],
  ])('%j is %s', (principal, words) => {
    expect(describePrincipal(principal)).toBe(words)
  })
})
