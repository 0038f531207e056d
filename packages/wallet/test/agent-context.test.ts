import { encodeBase64, encodeUtf8, sha256 } from '@behalf/core'
import { parseDictionary } from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import { serializeAgentContext } from '../src/agent-context.ts'

const DIGEST = encodeBase64(sha256(encodeUtf8('Summarise')))

describe('an agent context', () => {
  test('is one structured dictionary in a fixed order', () => {
    const context = { prompt: 'Summarise', call: 'c1', tool: 'search', model: 'm"1"', run: 'r1' }
    const text = serializeAgentContext(context)
    expect(text).toBe(`run="r1", model="m\\"1\\"", tool="search", call="c1", prompt=:${DIGEST}:`)
    expect([...parseDictionary(text ?? '').members.keys()]).toEqual([
      'run',
      'model',
      'tool',
      'call',
      'prompt',
    ])
  })

  test('never holds the prompt, only its digest, which may be given as such', () => {
    expect(serializeAgentContext({ prompt: 'Summarise' })).not.toContain('Summarise')
    expect(serializeAgentContext({ prompt: sha256(encodeUtf8('Summarise')) })).toBe(`prompt=:${DIGEST}:`)
  })

  test('has the run of the delegation unless the caller names one', () => {
    expect(serializeAgentContext({}, 'run-7')).toBe('run="run-7"')
    expect(serializeAgentContext({ run: 'own' }, 'run-7')).toBe('run="own"')
    expect(serializeAgentContext({ call: 'c1' }, 'run-7')).toBe('run="run-7", call="c1"')
  })

  test('that says nothing is not sent', () => {
    expect(serializeAgentContext({})).toBeUndefined()
  })

  test.each([{ run: 'ü' }, { model: 'a\nb' }, { prompt: new Uint8Array(31) }])(
    '%j is a wrong argument',
    (context) => {
      expect(() => serializeAgentContext(context)).toThrow(TypeError)
    },
  )
})
