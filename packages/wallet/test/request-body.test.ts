import { decodeUtf8, encodeUtf8 } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { readRequestBody } from '../src/request-body.ts'

describe('a body', () => {
  test.each([
    ['text', 'grüße', 'text/plain;charset=UTF-8'],
    ['bytes', encodeUtf8('grüße'), undefined],
    ['an array buffer', encodeUtf8('grüße').buffer, undefined],
    ['a part of a buffer', encodeUtf8('_grüße_').subarray(1, 8), undefined],
    ['a typed blob', new Blob(['grüße'], { type: 'text/css' }), 'text/css'],
    ['a blob without type', new Blob(['grüße']), undefined],
  ])('of %s is read with the content type fetch would send', async (_name, body, contentType) => {
    const read = await readRequestBody(body)
    expect(decodeUtf8(read?.bytes ?? new Uint8Array())).toBe('grüße')
    expect(read?.contentType).toBe(contentType)
  })

  test('of URLSearchParams is form-encoded', async () => {
    const read = await readRequestBody(new URLSearchParams({ a: '1', b: 'ü' }))
    expect(decodeUtf8(read?.bytes ?? new Uint8Array())).toBe('a=1&b=%C3%BC')
    expect(read?.contentType).toBe('application/x-www-form-urlencoded;charset=UTF-8')
  })

  test('of a form carries the boundary that is in the bytes', async () => {
    const form = new FormData()
    form.set('a', '1')
    const read = await readRequestBody(form)
    const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(read?.contentType ?? '')?.[1]
    expect(decodeUtf8(read?.bytes ?? new Uint8Array())).toContain(`--${boundary}`)
  })

  test.each([undefined, null])('that is %s is none', async (body) => {
    expect(await readRequestBody(body)).toBeUndefined()
  })

  test('that is empty text is a body of no bytes', async () => {
    expect((await readRequestBody(''))?.bytes).toEqual(new Uint8Array())
  })

  test('is a copy: what the caller changes later is not sent', async () => {
    const body = encodeUtf8('abc')
    const read = await readRequestBody(body)
    body[0] = 0
    expect(read?.bytes).toEqual(encodeUtf8('abc'))
  })

  test.each([
    ['a stream', new Blob(['x']).stream()],
    ['an iterable', [encodeUtf8('x')]],
    ['an object', { a: 1 }],
    ['a number', 7],
  ])('that is %s is a wrong argument', async (_name, body) => {
    await expect(readRequestBody(body)).rejects.toThrow(TypeError)
  })
})
