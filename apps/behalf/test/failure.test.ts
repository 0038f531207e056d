import { BehalfError, CoreError } from '@behalf/core'
import { CredentialError } from '@behalf/credential'
import { HTTP_FAILURES } from '@behalf/verifier'
import { WalletError } from '@behalf/wallet'
import { describe, expect, test } from 'vitest'
import { readSourceFiles } from '../../../test/support/source-files.ts'
import { explainCode } from '../src/code-help.ts'
import { CommandError, usageError } from '../src/error.ts'
import { describeFailure } from '../src/failure.ts'
import { isSystemError } from '../src/system-error.ts'

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: something about a file`), { code })
}

describe('a failure is reported', () => {
  test('with code, meaning and what to do', () => {
    expect(describeFailure(new CredentialError('credential_expired', 'Link 0 has expired'))).toEqual({
      code: 'credential_expired',
      message: 'Link 0 has expired',
      next: 'ask for a new delegation: behalf request',
      requestId: undefined,
      lines: [
        '  this means: the delegation has ended',
        '  what to do: ask for a new delegation: behalf request',
      ],
      document: {},
    })
  })

  test('with the next step of the place that knows better', () => {
    const failure = describeFailure(new CommandError('not_found', 'no such file', { next: 'look elsewhere' }))
    expect(failure.next).toBe('look elsewhere')
    expect(failure.lines).toContain('  what to do: look elsewhere')
  })

  test('with further members for the document', () => {
    const failure = describeFailure(new CommandError('not_found', 'x', { document: { status: 404 } }))
    expect(failure.document).toEqual({ status: 404 })
  })

  test('as wrong usage without a meaning nobody needs', () => {
    const failure = describeFailure(usageError('--for is missing', 'give it'))
    expect(failure.lines).toEqual(['  what to do: give it'])
  })

  test('of an authority by the meaning of its code, with the handle of the call', () => {
    const error = new WalletError('forbidden', 'Sending it again will not help.', {
      status: 403,
      detail: 'Sending it again will not help.',
      requestId: '01J\u001b[2J',
    })
    expect(describeFailure(error)).toMatchObject({
      message: 'the authority refused: this key may not do that',
      requestId: '01J\u001b[2J',
      lines: expect.arrayContaining(['  request id: 01J[2J']),
    })
  })

  test('with the reason that was given, marked as words of somebody else', () => {
    const error = new WalletError('access_denied', 'x', { detail: 'x', reason: 'a\u001b[2Jb\u202e' })
    const { lines, reason } = describeFailure(error)
    expect(reason).toBe('a\u001b[2Jb\u202e')
    expect(lines).toContain('  the reason they gave: "a[2Jb"')
    expect(lines).toContainEqual(expect.stringContaining('careful: this text contained characters'))
    expect(describeFailure(new WalletError('access_denied', 'x')).lines.join()).not.toContain('reason')
  })

  test('without what could move the cursor in its message', () => {
    expect(describeFailure(new BehalfError('not_found', 'a\u001b[2Jb\u202e')).message).toBe('a[2Jb')
  })

  test.each([
    ['EACCES', 'folder_unwritable'],
    ['EPERM', 'folder_unwritable'],
    ['EROFS', 'folder_unwritable'],
    ['ENOSPC', 'folder_unwritable'],
    ['ENOENT', 'not_found'],
    ['ENOTDIR', 'not_found'],
    ['EISDIR', 'not_found'],
    ['EMFILE', 'internal_error'],
  ])('of the system %s as %s', (system, code) => {
    expect(describeFailure(systemError(system)).code).toBe(code)
  })

  test.each([
    ['a plain error', new Error('x'), 'x'],
    ['a wrong argument', new TypeError('y'), 'y'],
    ['an error without words', new Error(''), 'the command failed'],
    ['something that is no error', 'thrown text', 'the command failed'],
    ['nothing', undefined, 'the command failed'],
  ])('of %s as internal_error', (_name, thrown, message) => {
    expect(describeFailure(thrown)).toMatchObject({ code: 'internal_error', message })
  })
})

describe('every code', () => {
  const wire = Object.keys(HTTP_FAILURES)

  test.each(wire)('%s has its own meaning and a next step, in words and not in codes', (code) => {
    const { meaning, next } = explainCode(code)
    expect(meaning).not.toBe(explainCode('no_such_code').meaning)
    expect(meaning).toMatch(/^[a-z].{5,90}[^.]$/)
    expect(next).toMatch(/^[a-z].{5,120}[^.]$/)
    expect(`${meaning} ${next}`.replace(/NO_COLOR|BEHALF_\w+/g, '')).not.toMatch(/[a-z]_[a-z]/)
  })

  test.each([
    'keystore_missing',
    'keystore_locked',
    'database_in_use',
    'database_unsafe',
    'keys_corrupt',
    'authority_unreachable',
    'authority_response_invalid',
    'policy_invalid',
    'encoding_malformed',
    'usage_invalid',
    'file_exists',
  ])('that never travels has words, too: %s', (code) => {
    expect(explainCode(code).meaning).not.toBe(explainCode('no_such_code').meaning)
  })
})

test('every code that a command throws by name is declared', () => {
  const sources = readSourceFiles('apps/behalf/src')
  const thrown = sources.flatMap(({ text }) => [...text.matchAll(/new CommandError\(\s*'([a-z_]+)'/gu)])
  const declared = sources.find(({ path }) => path.endsWith('/src/error.ts'))?.text ?? ''
  expect(thrown.length).toBeGreaterThan(20)
  expect(thrown.map(([, code = '']) => code).filter((code) => !declared.includes(`| '${code}'`))).toEqual([])
})

describe('an error of the system', () => {
  test('is known by its code', () => {
    expect(isSystemError(systemError('ENOENT'), 'ENOENT')).toBe(true)
    expect(isSystemError(systemError('ENOENT'), 'EACCES', 'ENOENT')).toBe(true)
    expect(isSystemError(systemError('ENOENT'), 'EACCES')).toBe(false)
  })

  test('is nothing else that has a code', () => {
    expect(isSystemError(new CoreError('json_malformed', 'x'), 'ENOENT')).toBe(false)
    expect(isSystemError({ code: 'ENOENT' }, 'ENOENT')).toBe(false)
    expect(isSystemError(Object.assign(new Error('x'), { code: 7 }), '7')).toBe(false)
    expect(isSystemError(undefined, 'ENOENT')).toBe(false)
  })
})
