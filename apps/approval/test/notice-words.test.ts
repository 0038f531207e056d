import { describe, expect, test } from 'vitest'
import { noticeWords } from '../src/service-worker/notice-words.ts'

const ORIGIN = 'https://authority.test'
const REQUEST = 'urn:uuid:0a64b5e4-0f0d-4d5b-8d43-2c2b8a3f3c55'
const DATA = {
  request: REQUEST,
  on_behalf_of: 'alice',
  agent: 'did:key:z6Mk',
  agent_fingerprint: '1234 5678',
  agent_name: 'Bot',
  url: `${ORIGIN}/approve/${REQUEST}`,
}

const words = (type: unknown, data: unknown) => noticeWords(JSON.stringify({ type, data }), ORIGIN)

describe('a notice that was pushed', () => {
  test('says what waits, of whom, and leads there', () => {
    expect(words('request.waiting', { ...DATA, approval: 1 })).toEqual({
      title: 'A request waits for you',
      body: 'Bot (key 1234 5678) asks to act for alice.',
      path: `/approve/${REQUEST}`,
      tag: `request.waiting ${REQUEST}`,
    })
    expect(words('request.waiting', { ...DATA, approval: 2 }).title).toBe(
      'A request needs your second approval',
    )
    expect(words('request.expired', DATA)).toMatchObject({ title: 'A request ran out undecided' })
    const revoked = { delegation: 'urn:uuid:7', agent_fingerprint: '1234', url: `${ORIGIN}/history` }
    expect(words('delegation.revoked', revoked)).toEqual({
      title: 'Somebody stopped an agent of yours',
      body: 'It had the key 1234.',
      path: '/history',
      tag: 'delegation.revoked urn:uuid:7',
    })
  })

  test('leads nowhere but to this site', () => {
    for (const url of [
      'https://evil.test/approve/1',
      'https://authority.test.evil.test/',
      'javascript:alert(1)',
      'http://authority.test/approve/1',
      '//evil.test/',
      7,
    ]) {
      expect([url, words('request.waiting', { ...DATA, url }).path]).toEqual([url, '/'])
    }
  })

  test('that cannot be read says only that there is something', () => {
    const something = { title: 'Behalf has news for you', path: '/' }
    for (const text of ['', '{', '[]', 'null', '{}', '{"type":"request.waiting"}', '{"type":7,"data":{}}']) {
      expect(noticeWords(text, ORIGIN)).toMatchObject(something)
    }
    expect(words('request.unheard-of', DATA)).toMatchObject(something)
    expect(words('request.waiting', []).title).toBe(something.title)
  })
})
