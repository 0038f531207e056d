import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeUtf8 } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { readAnswer } from '../src/api-answer.ts'
import { readBody, readHeaders } from '../src/api-request.ts'
import { createFolder } from './support/temporary-folder.ts'
import { createTestIo } from './support/test-io.ts'

async function written(response: Response, terminal: boolean): Promise<string> {
  const { io, stdout } = createTestIo(terminal ? { typed: [] } : {})
  const answer = await readAnswer(response)
  answer.writeBody(io.stdout)
  return stdout()
}

describe('an answer of an API', () => {
  test('is status, body and request id', async () => {
    const headers = { 'Content-Type': 'application/json', 'Request-Id': '01J' }
    const answer = await readAnswer(new Response('{"a":1}', { status: 201, statusText: 'Created', headers }))
    expect(answer.statusLine).toBe('201 Created  (request 01J)')
    expect(answer.failure).toBeUndefined()
    expect(answer.document).toEqual({
      status: 201,
      request_id: '01J',
      content_type: 'application/json',
      body: '{"a":1}',
    })
  })

  test('that is no text is base64 in the document', async () => {
    const answer = await readAnswer(new Response(Uint8Array.of(0xff, 0x00)))
    expect(answer.document).toMatchObject({ status: 200, body_base64: '/wA=' })
    expect(answer.statusLine).toBe('200')
  })

  test('goes to a pipe byte for byte', async () => {
    expect(await written(new Response('a\u001b[31m\u202eb'), false)).toBe('a\u001b[31m\u202eb')
  })

  test('goes to a terminal without what could move the cursor or hide text', async () => {
    expect(await written(new Response('a\u001b[31m\u202eb\n\tc'), true)).toBe('a[31mb\n    c\n')
    expect(await written(new Response(Uint8Array.of(0xff, 0x1b)), true)).toBe('(2 bytes that are not text)\n')
  })

  test('that refuses by our codes is a failure with that code and its body', async () => {
    const body = { code: 'scope_exceeded', title: 'Not\u001b[2J covered' }
    const headers = { 'Content-Type': 'application/problem+json; charset=utf-8' }
    const { failure } = await readAnswer(new Response(JSON.stringify(body), { status: 403, headers }))
    expect(failure).toMatchObject({
      code: 'scope_exceeded',
      message: 'Not[2J covered',
      document: { status: 403, body: JSON.stringify(body) },
    })
  })

  test.each(['{"code":"scope_exceeded"}', '{"code":"scope_exceeded","title":"\\u202e"}'])(
    'that refuses without words, as in %s, is told by its status',
    async (body) => {
      const headers = { 'Content-Type': 'application/problem+json' }
      const { failure } = await readAnswer(new Response(body, { status: 403, headers }))
      expect(failure).toMatchObject({ code: 'scope_exceeded', message: 'the API refused with status 403' })
    },
  )

  test.each<{ name: string; type: string; body: string }>([
    { name: 'of another media type', type: 'application/json', body: '{"code":"scope_exceeded"}' },
    { name: 'that is not JSON', type: 'application/problem+json', body: 'no' },
    { name: 'that is a list', type: 'application/problem+json', body: '[]' },
    { name: 'without a code', type: 'application/problem+json', body: '{"title":"x"}' },
    { name: 'with a code that is none', type: 'application/problem+json', body: '{"code":"a b\\u001b"}' },
    { name: 'that reads in two ways', type: 'application/problem+json', body: '{"code":"a","code":"b"}' },
  ])('that fails $name is http_failure', async ({ type, body }) => {
    const response = new Response(body, { status: 500, headers: { 'Content-Type': type } })
    expect((await readAnswer(response)).failure).toMatchObject({
      code: 'http_failure',
      message: 'the API answered 500',
    })
  })

  test('that redirects is a failure: a signature is for one target', async () => {
    const response = new Response(null, { status: 302, headers: { Location: '/x' } })
    expect((await readAnswer(response)).failure).toMatchObject({ code: 'http_failure' })
  })
})

describe('headers of the command line', () => {
  test('are names and values', () => {
    const headers = readHeaders(['Accept: application/json', 'X-Trace:1', 'X-Empty:'])
    expect([...headers]).toEqual([
      ['accept', 'application/json'],
      ['x-empty', ''],
      ['x-trace', '1'],
    ])
  })

  test.each(['Accept', ': x', 'A B: c', 'A: b\r\nC: d', 'A: ü', 'A: \u0000'])('are refused as %j', (line) => {
    expect(() => readHeaders([line])).toThrow(/is not a header/)
  })

  test('are refused when one comes twice', () => {
    expect(() => readHeaders(['Accept: a', 'accept: b'])).toThrow(/gives accept twice/)
  })
})

describe('a body of the command line', () => {
  test('is nothing when it is not given', async () => {
    expect(await readBody(createTestIo().io, undefined)).toBeUndefined()
  })

  test('is the text itself, sent as JSON when it is JSON', async () => {
    const body = await readBody(createTestIo().io, '{"text":"hé"}')
    expect(body?.contentType).toBe('application/json')
    expect(decodeUtf8(body?.bytes ?? new Uint8Array())).toBe('{"text":"hé"}')
  })

  test('is a file after @, relative to the working folder', async () => {
    const folder = await createFolder()
    await writeFile(join(folder, 'b'), 'plain words')
    const body = await readBody(createTestIo({ cwd: folder }).io, '@b')
    expect(body?.contentType).toBe('application/octet-stream')
    expect(decodeUtf8(body?.bytes ?? new Uint8Array())).toBe('plain words')
  })

  test('is standard input after @-', async () => {
    const { io } = createTestIo()
    io.stdin.push('[1]')
    io.stdin.push(null)
    expect(decodeUtf8((await readBody(io, '@-'))?.bytes ?? new Uint8Array())).toBe('[1]')
  })

  test('is refused when its file is not there', async () => {
    const { io } = createTestIo({ cwd: await createFolder() })
    await expect(readBody(io, '@x')).rejects.toMatchObject({ code: 'not_found' })
  })
})
