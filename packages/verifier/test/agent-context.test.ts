import { encodeBase64 } from '@behalf/core'
import { HttpSignatureError, indexFields } from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import {
  type AgentContext,
  checkContextRun,
  parseAgentContext,
  readAgentContext,
} from '../src/agent-context.ts'
import { VerifierError } from '../src/error.ts'

function parse(value: string): AgentContext | undefined | string {
  try {
    return parseAgentContext(indexFields([['Agent-Context', value]]))
  } catch (error) {
    if (error instanceof VerifierError || error instanceof HttpSignatureError) return error.code
    throw error
  }
}

const digest = encodeBase64(new Uint8Array(32).fill(7))

describe('parseAgentContext', () => {
  test('reads every member', () => {
    const value = `run="r", model="m", tool="t", call="c", prompt=:${digest}:`
    expect(parse(value)).toEqual({
      run: 'r',
      model: 'm',
      tool: 't',
      call: 'c',
      prompt: 'sha-256:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc',
    })
  })

  test('is undefined without the header, and empty with an empty one', () => {
    expect(parseAgentContext(indexFields([['host', 'api.test']]))).toBeUndefined()
    expect(parse('')).toEqual({})
  })

  test('leaves out members it does not know, whatever they are', () => {
    expect(parse('mood=?1, run="r", constructor="x", list=(1 2);a')).toEqual({ run: 'r' })
  })

  test('takes texts of 1 to 256 characters', () => {
    expect(parse(`run="${'x'.repeat(256)}"`)).toEqual({ run: 'x'.repeat(256) })
    expect(parse(`run="${'x'.repeat(257)}"`)).toBe('signature_malformed')
    expect(parse('run=""')).toBe('signature_malformed')
  })

  test.each([
    ['a number', 'run=1'],
    ['a token', 'run=abc'],
    ['a flag', 'run'],
    ['an inner list', 'run=("a")'],
    ['a parameter', 'run="a";b=1'],
    ['a display string', 'run=%"a"'],
    ['a text as digest', 'prompt="sha-256:x"'],
    ['a digest with a parameter', `prompt=:${digest}:;alg=x`],
    ['an inner list as digest', `prompt=(:${digest}:)`],
    ['a digest of 31 bytes', `prompt=:${encodeBase64(new Uint8Array(31))}:`],
    ['a digest of 33 bytes', `prompt=:${encodeBase64(new Uint8Array(33))}:`],
    ['no dictionary', 'run="a'],
    ['a member in capitals', 'Run="a"'],
    ['more than 4096 characters', `x="${'y'.repeat(4096)}"`],
  ])('refuses %s', (_title, value) => {
    expect(parse(value)).toBe('signature_malformed')
  })

  test('refuses a member or parameter given twice', () => {
    expect(parse('run="a", run="b"')).toBe('header_ambiguous')
    expect(parse('other=1;a=1;a=2')).toBe('header_ambiguous')
  })
})

describe('checks of the context', () => {
  const lines = indexFields([['agent-context', 'run="a", tool="b"']])

  test('required members must be there', () => {
    expect(readAgentContext(lines, ['run', 'tool'])).toEqual({ run: 'a', tool: 'b' })
    expect(readAgentContext(indexFields([]), [])).toBeUndefined()
    expect(() => readAgentContext(lines, ['run', 'call', 'prompt'])).toThrow(
      expect.objectContaining({ code: 'context_missing', missing: ['call', 'prompt'] }),
    )
    expect(() => readAgentContext(indexFields([]), ['run'])).toThrow(VerifierError)
  })

  test('the run must be that of the delegation where both name one', () => {
    expect(() => checkContextRun({ run: 'a' }, 'a')).not.toThrow()
    expect(() => checkContextRun({ run: 'a' }, undefined)).not.toThrow()
    expect(() => checkContextRun({ tool: 'a' }, 'b')).not.toThrow()
    expect(() => checkContextRun(undefined, 'b')).not.toThrow()
    expect(() => checkContextRun({ run: 'a' }, 'b')).toThrow(
      expect.objectContaining({ code: 'context_missing' }),
    )
  })
})
