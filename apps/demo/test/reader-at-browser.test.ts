import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { approveOn } from '../../../test/browser/support/approve-on.ts'
import { claimAs } from '../../../test/browser/support/people.ts'
import { startBrowser } from '../../../test/browser/support/start-browser.ts'
import { visit } from '../../../test/browser/support/visitor.ts'
import { describeNeeding } from '../../../test/support/needs.ts'
import { outcomesOf, startPlay, wholeStory } from './support/start-play.ts'

// Everything is as at a reader's terminal, but for their device: Chromium's virtual authenticator stands for it.
describeNeeding('browser', 'the story with a reader who opens what it prints in a browser', () => {
  const temporary = mkdtempSync(join(tmpdir(), 'behalf-reader-test-'))
  let browser: Awaited<ReturnType<typeof startBrowser>>
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser.close()
    rmSync(temporary, { recursive: true })
  })

  test('waits for them to claim and to approve, and goes on to its end', async () => {
    const play = startPlay(temporary, ['--browser'])
    const [claimUrl] = await play.printed(/(?<=^ +)http:\S+\/claim#\S+(?=\n)/mu)
    const { origin } = new URL(claimUrl)
    const belongings = await claimAs(browser, { origin, claimUrl })
    const [approvalUrl] = await play.printed(/(?<=^ +)http:\S+\/approve\/\S+(?=\n)/mu)
    const visitor = await visit(browser, { origin }, { belongings })
    await visitor.open(approvalUrl.slice(origin.length))
    await approveOn(visitor.page)
    const { said, code } = await play.ended
    expect(code).toBe(0)
    expect(said).toContain('It says how it was approved: "passkey".')
    expect(outcomesOf(said)).toEqual(wholeStory('200'))
    expect(said.at(-1)).toBe('All processes have ended and their files are removed.')
    expect(readdirSync(temporary).filter((name) => name.startsWith('behalf-'))).toEqual([])
    expect(visitor.faults).toEqual([])
  }, 120_000)
})
