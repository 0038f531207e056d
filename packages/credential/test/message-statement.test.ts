import { describe, expect, test } from 'vitest'
import { formatMessageStatement, type MessageStatement, parseMessageStatement } from '../src/index.ts'

const STATEMENT: MessageStatement = {
  audience: 'urn:example:issues',
  cid: 'c',
  keyid: 'did:key:z#z',
  nonce: 'n',
  created: 1,
  expires: 2,
  context: { run: 'r' },
  message: { id: 7, method: 'tools/call', params: { name: 'b', arguments: { z: 1, a: 'é' } } },
}
const TEXT =
  'behalf-mcp-message-v1\n{"audience":"urn:example:issues","cid":"c","context":{"run":"r"},"created":1,"expires":2,"id":7,"keyid":"did:key:z#z","method":"tools/call","nonce":"n","params":{"arguments":{"a":"é","z":1},"name":"b"}}'

describe('the text that the proof of a message signs', () => {
  test('has every member once, in canonical spelling', () => {
    expect(formatMessageStatement(STATEMENT)).toBe(TEXT)
  })

  test('is read back as what it says', () => {
    expect(parseMessageStatement(TEXT)).toEqual(STATEMENT)
    const { context: _, ...bare } = STATEMENT
    expect(parseMessageStatement(formatMessageStatement(bare))).toEqual(bare)
  })

  test('holds no member of a message that JSON-RPC does not have', () => {
    const message = { audience: 'urn:example:other', method: 'ping' }
    expect(() => formatMessageStatement({ ...STATEMENT, message })).toThrow(TypeError)
  })

  test.each([
    ['of another kind', '"@method": POST\n"@target-uri": https://api.test/'],
    ['without its first words', TEXT.slice(TEXT.indexOf('{'))],
    ['in another spelling', TEXT.replace('{', '{ ')],
    ['with a member twice', TEXT.replace('{', '{"audience":"urn:example:issues",')],
    ['with a member that is none', TEXT.replace('"cid"', '"chain":"x","cid"')],
    ['without audience', TEXT.replace('"audience":"urn:example:issues",', '')],
    ['without end', TEXT.replace('"expires":2,', '')],
    ['with a begin in words', TEXT.replace('"created":1', '"created":"1"')],
    ['with a context of another form', TEXT.replace('{"run":"r"}', '"r"')],
    ['with no object', 'behalf-mcp-message-v1\n[]'],
    ['with no JSON', 'behalf-mcp-message-v1\n{'],
  ])('is none %s', (_title, text) => {
    expect(parseMessageStatement(text)).toBeUndefined()
  })
})
