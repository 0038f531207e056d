import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { outcomesOf, startPlay, wholeStory } from './support/start-play.ts'

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts')
// A folder of its own, so that what is left in it was left by this story and not by another one beside it.
const TEMPORARY = mkdtempSync(join(tmpdir(), 'behalf-story-test-'))
const leftovers = (): readonly string[] =>
  readdirSync(TEMPORARY).filter((name) => name.startsWith('behalf-demo-'))

afterAll(() => rmSync(TEMPORARY, { recursive: true }))

describe('the story', () => {
  test('runs without questions, shows every refusal with its code, and cleans up', async () => {
    const { said, told, code } = await startPlay(TEMPORARY).ended
    expect(code).toBe(0)
    for (const line of [
      /asked to act on behalf of alice$/u,
      /^alice saw and signed this at .* with the passkey .*, which is a program:$/u,
      /^GET .*\/projects\/ACME\/issues was accepted$/u,
      /handed a part on to did:key:/u,
      /The tool "list_issues" was called at http:\/\/.*\/mcp$/u,
      /^Agent-Context as signed: run="monday", model="story-1", tool="list_issues", call="urn:uuid:.*"$/u,
      /^delegated by did:key:\S+ -> did:key:\S+ -> did:key:\S+$/u,
      /^proven: in the log as entry \d+; the signature of the agent; the chain of 2 behind it; /u,
      /did:key:\S+ exchanged its delegation for a token for http:\/\/127\.0\.0\.1:\d+/u,
      /revoked urn:uuid:.* and everything below it$/u,
      /^its first effect: request .* was refused \(credential_revoked\), .* s later, entry \d+$/u,
      /^proven: in the log as entry \d+; the signature of the agent; the chain of 1 behind it; that nothing of it was revoked, by heartbeat \d+ of .*Z$/u,
      /^proven: in the log as entry \d+; .*; that urn:uuid:.* was revoked, by heartbeat \d+ of .*Z$/u,
    ]) {
      expect(told).toContainEqual(expect.stringMatching(line))
    }
    expect(said.flatMap((line) => /^(\d+)\. /u.exec(line)?.[1] ?? []).map(Number)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ])
    expect(outcomesOf(said)).toEqual(wholeStory('403 approval_required'))
    expect(said).toContain('It says how it was approved: "software-passkey".')
    const [, records] = /The log is whole\. (\d+) records/u.exec(said.join('\n')) ?? []
    // More than the authority alone has to say of this story.
    expect(Number(records)).toBeGreaterThan(30)
    expect(said).toContainEqual(expect.stringMatching(/^This holds from .*: 10 minutes\.$/u))
    expect(said).toContainEqual(expect.stringMatching(/^This holds from .*: 5 minutes\.$/u))
    expect(said.at(-1)).toBe('All processes have ended and their files are removed.')
    expect(leftovers()).toEqual([])
  }, 120_000)

  test.each([['--fast'], ['--auto', '--browser']])(
    'says how it is started when asked for %s',
    async (...args) => {
      const child = spawn(process.execPath, ['--conditions=behalf-source', MAIN, ...args])
      let said = ''
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString('utf8')
      })
      const [code] = await once(child, 'close')
      expect([code, said]).toEqual([2, expect.stringContaining('either --auto or --browser')])
      expect(said.trimEnd()).not.toContain('\n')
    },
    20_000,
  )

  test.each([/Starting an authority/u, /New servers wait/u, /3\. It asks/u])(
    'ends in order when it is interrupted at %s',
    async (moment) => {
      const play = startPlay(TEMPORARY)
      await play.printed(moment)
      play.interrupt()
      const { said, code } = await play.ended
      expect(code).toBe(0)
      expect(said.some((line) => line.startsWith('10.'))).toBe(false)
      expect(leftovers()).toEqual([])
    },
    120_000,
  )
})
