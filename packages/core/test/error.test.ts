import { expect, test } from 'vitest'
import { BehalfError, CoreError } from '../src/error.ts'

test('an error carries its code, its message, its cause and the name of its class', () => {
  const cause = new Error('inner')
  const error = new CoreError('key_invalid', 'The key is not one', { cause })
  expect(error).toBeInstanceOf(BehalfError)
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({
    name: 'CoreError',
    code: 'key_invalid',
    message: 'The key is not one',
    cause,
  })
})

test('an error that explains nothing cannot be made, in no package', () => {
  expect(() => new BehalfError('some_code', '')).toThrow(
    new TypeError('The error some_code needs a message that explains it'),
  )
  expect(() => new CoreError('key_invalid', '')).toThrow(TypeError)
})

test('an error without a cause has no such member', () => {
  expect(Object.hasOwn(new BehalfError('some_code', 'text'), 'cause')).toBe(false)
})
