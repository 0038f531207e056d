import { describe, expect, test } from 'vitest'
import { createOutput, wantsColour } from '../src/output.ts'
import { createTestIo } from './support/test-io.ts'

describe('an answer', () => {
  test('is words on stdout', () => {
    const { io, stdout, stderr } = createTestIo()
    createOutput(io, false).answer({ a: 1 }, ['one', 'two'])
    expect(stdout()).toBe('one\ntwo\n')
    expect(stderr()).toBe('')
  })

  test('is one document on stdout and words on stderr under --json', () => {
    const { io, stdout, stderr } = createTestIo()
    createOutput(io, true).answer({ a: 1 }, ['one'])
    expect(JSON.parse(stdout())).toEqual({ a: 1 })
    expect(stderr()).toBe('one\n')
  })

  test('is given once: a second document would make stdout unreadable', () => {
    const { io } = createTestIo()
    const output = createOutput(io, true)
    output.answer({}, [])
    expect(() => output.answer({}, [])).toThrow(TypeError)
  })
})

test('notes are on stderr in both forms', () => {
  for (const json of [false, true]) {
    const { io, stdout, stderr } = createTestIo()
    createOutput(io, json).note('a', 'b')
    expect({ stdout: stdout(), stderr: stderr() }).toEqual({ stdout: '', stderr: 'a\nb\n' })
  }
})

describe('colours', () => {
  const { io } = createTestIo({ typed: [] })

  test('are for terminals', () => {
    expect(wantsColour(io.stdout, {})).toBe(true)
    expect(wantsColour(createTestIo().io.stdout, {})).toBe(false)
  })

  test.each([{ NO_COLOR: '1' }, { NO_COLOR: 'anything' }, { TERM: 'dumb' }])('are not for %o', (env) => {
    expect(wantsColour(io.stdout, env)).toBe(false)
  })

  test('an empty NO_COLOR asks for nothing', () => {
    expect(wantsColour(io.stdout, { NO_COLOR: '' })).toBe(true)
  })

  test('follow the stream the words go to', () => {
    const { io: words } = createTestIo({ typed: [] })
    expect(createOutput(words, false).strong('x')).toBe('\u001b[1mx\u001b[22m')
    const { io: piped } = createTestIo()
    expect(createOutput(piped, false).strong('x')).toBe('x')
  })
})

describe('a step that lasts', () => {
  test('is shown on a terminal until it ends', async () => {
    const { io, stdout, stderr } = createTestIo({ typed: [] })
    expect(await createOutput(io, false).during('Unlocking', async () => 7)).toBe(7)
    expect(stderr()).toBe('Unlocking …\r\u001b[2K')
    expect(stdout()).toBe('')
  })

  test('is wiped off when it fails, too', async () => {
    const { io, stderr } = createTestIo({ typed: [] })
    const step = createOutput(io, false).during('Unlocking', () => Promise.reject(new Error('no')))
    await expect(step).rejects.toThrow('no')
    expect(stderr()).toBe('Unlocking …\r\u001b[2K')
  })

  test('is silent elsewhere', async () => {
    const { io, stderr } = createTestIo()
    await createOutput(io, false).during('Unlocking', async () => undefined)
    expect(stderr()).toBe('')
  })
})
