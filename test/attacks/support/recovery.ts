import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Browser, openBrowser } from '../../../packages/authority/test/support/browser.ts'
import type { People } from './people.ts'

type BrowserAnswer = Awaited<ReturnType<Browser['get']>>

/** The ten codes that the first person has now. */
async function makeCodes(alice: Browser): Promise<readonly string[]> {
  const made = await alice.send('/api/recovery-codes', { step_up: await alice.stepUp() })
  const codes = made.json['recovery_codes']
  if (!Array.isArray(codes)) throw new Error(`no codes: ${made.text}`)
  return codes.map(String)
}

/** A recovery code that was used is used again. */
export async function recoverTwice({ alice }: People): Promise<readonly BrowserAnswer[]> {
  const [code] = await makeCodes(alice)
  const lost = await openBrowser(alice.site)
  expect((await lost.register('recover', { person: 'alice', code })).status).toBe(200)
  const thief = await openBrowser(alice.site)
  return [await thief.send('/api/recover/options', { person: 'alice', code })]
}

/** A text of the same length that agrees with it exactly so far. */
function differAt(secret: string, index: number): string {
  const other = secret[index] === '0' ? '1' : '0'
  return `${secret.slice(0, index)}${other}${secret.slice(index + 1)}`
}

/** Every secret of a person is looked up or compared by its hash, so that how long it takes says nothing about it. */
export async function compareByHash({ alice, running }: People): Promise<void> {
  const [code = ''] = await makeCodes(alice)
  const { csrf = '', cookie = '' } = alice
  const token = cookie.split('=')[1] ?? ''
  for (const length of [0, 1, 21, 42]) {
    const headers = { 'x-csrf-token': differAt(csrf, length) }
    const answer = await alice.call('/api/logout', { method: 'POST', body: {}, headers })
    expect([length, answer.code]).toEqual([length, 'csrf_invalid'])
    const guesser = await openBrowser(alice.site)
    guesser.cookie = `__Host-behalf-session=${differAt(token, length)}`
    expect([length, (await guesser.get('/api/passkeys')).code]).toEqual([length, 'session_invalid'])
  }
  for (const length of [0, 4, 18]) {
    const guess = { person: 'alice', code: differAt(code, length) }
    expect([length, (await alice.send('/api/recover/options', guess)).code]).toEqual([length, 'not_found'])
  }
  await running.authority.close()
  const stored = readFileSync(join(running.folder, 'authority.db'))
  for (const secret of [token, csrf, code]) expect(stored.includes(secret)).toBe(false)
}
