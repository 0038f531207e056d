import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeUtf8 } from '@behalf/core'
import type { RequestVerifier, VerifiedRequest } from '@behalf/verifier'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTrackerApp } from '../src/tracker/tracker-app.ts'
import { type Account, openTrackerStore, type TrackerStore } from '../src/tracker/tracker-store.ts'

const ISSUER = 'did:key:issuer'
let folder: string
let store: TrackerStore

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'behalf-tracker-'))
  store = openTrackerStore(join(folder, 'tracker.sqlite'), ISSUER)
})
afterEach(() => {
  store.end()
  rmSync(folder, { recursive: true })
})

describe('the store of the tracker', () => {
  test('ties a principal to an account by issuer and id together', () => {
    expect(store.findAccount({ issuer: ISSUER, id: 'alice' })).toEqual({ id: 'alice', projects: ['ACME'] })
    expect(store.findAccount({ issuer: 'did:key:other', id: 'alice' })).toBeUndefined()
    expect(store.findAccount({ issuer: ISSUER, id: 'carol' })).toBeUndefined()
  })

  test('keeps what was written over a restart, and is filled only once', () => {
    const issue = store.createIssue('ACME', 'New')
    store.comment(issue, 'Hello', { author: 'alice', agent: 'did:key:agent' })
    store.close(issue)
    const count = store.listIssues('ACME').length
    store.end()
    store = openTrackerStore(join(folder, 'tracker.sqlite'), ISSUER)
    expect(store.listIssues('ACME')).toHaveLength(count)
    expect(store.findIssue('ACME', issue.number)).toEqual({
      ...issue,
      state: 'closed',
      comments: [{ author: 'alice', agent: 'did:key:agent', text: 'Hello' }],
    })
  })

  test('finds an issue under its own project only', () => {
    const [issue] = store.listIssues('ZETA')
    expect(store.findIssue('ACME', issue?.number ?? 0)).toBeUndefined()
  })
})

describe('the routes of the tracker', () => {
  /** Stands in for the verifier: these tests are about what the API does with what a verifier returned. */
  const call = async (method: string, path: string, body?: unknown): Promise<[number, unknown]> => {
    const bytes = body === undefined ? new Uint8Array() : encodeUtf8(JSON.stringify(body))
    const account: Account = { id: 'alice', projects: ['ACME'] }
    const verified = { account, agent: 'did:key:agent', requestId: 'r1', body: bytes }
    const presetVerifier: Pick<RequestVerifier<Account>, 'verify' | 'requestId' | 'refuse'> = {
      requestId: () => 'r1',
      refuse: (error) => {
        throw error
      },
      verify: async () => verified as VerifiedRequest<Account>,
    }
    const verifier = presetVerifier as RequestVerifier<Account>
    const app = createTrackerApp({ verifier, personVerifier: verifier }, { store, isReady: () => true })
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) }
    const response = await app.request(`http://localhost${path}`, init)
    return [response.status, await response.json()]
  }

  test('list, read, create, comment and close', async () => {
    expect((await call('GET', '/projects/ACME/issues'))[0]).toBe(200)
    expect(await call('GET', '/projects/ACME/issues/1')).toMatchObject([200, { number: 1 }])
    expect(await call('POST', '/projects/ACME/issues', { title: 'T' })).toMatchObject([201, { title: 'T' }])
    const [status, issue] = await call('POST', '/projects/ACME/issues/1/comments', { text: 'Hi' })
    expect([status, issue]).toMatchObject([
      201,
      { comments: [{ author: 'alice', agent: 'did:key:agent', text: 'Hi' }] },
    ])
    expect(await call('POST', '/projects/ACME/issues/1/close')).toMatchObject([200, { state: 'closed' }])
  })

  test('what the delegation allows and the account does not is refused: rights are the intersection', async () => {
    for (const path of [
      '/projects/ZETA/issues',
      '/projects/ZETA/issues/3',
      '/projects/NONE/issues',
      '/exports/ZETA',
    ]) {
      expect(await call('GET', path)).toMatchObject([403, { code: 'forbidden', request_id: 'r1' }])
    }
  })

  test('what is not there is not found', async () => {
    expect(await call('GET', '/projects/ACME/issues/99')).toMatchObject([404, { code: 'not_found' }])
    expect(await call('GET', '/projects/ACME/issues/x')).toMatchObject([404, { code: 'not_found' }])
  })

  test.each([undefined, {}, { text: '' }, { text: 7 }, [], { text: 'x'.repeat(5001) }])(
    'a comment that is none is refused: %#',
    async (body) => {
      const answer = await call('POST', '/projects/ACME/issues/1/comments', body)
      expect(answer).toMatchObject([422, { code: 'input_invalid' }])
      expect(store.findIssue('ACME', 1)?.comments).toEqual([])
    },
  )
})
