import { setTimeout as wait } from 'node:timers/promises'
import type { Narrator } from '../narrator.ts'
import { openInBrowser } from './open-in-browser.ts'
import { openPageSession } from './page-session.ts'
import type { Person } from './person.ts'

/**
 * The reader, at a browser. The story waits for them; Ctrl-C ends it.
 *
 * @param claimUrl the address with the one-time code, as the authority printed it
 */
export function createPersonAtBrowser(tell: Narrator, authority: string, claimUrl: string): Person {
  const page = openPageSession(authority)
  const show = (url: string): void => {
    tell.plain(`\n      ${url}\n`)
    openInBrowser(url)
  }
  return {
    claim: async () => {
      tell.say(
        'You are Alice. Nobody has this authority yet: claim it with the one-time code in this address.',
      )
      tell.say('As your id give alice, which is who the agent will ask for, and make a passkey:')
      show(claimUrl)
      tell.say('Waiting for you … (Ctrl-C ends the story; npm start -- --auto plays it without you)')
      while (!(await page.get<{ claimed: boolean }>('/api/session')).claimed) await wait(500)
      tell.say('You claimed it.')
    },
    decide: async ({ approvalUrl }, decided) => {
      tell.say('Read it, take something away if you like, and approve or deny it with your passkey:')
      show(approvalUrl)
      tell.say('Waiting for you …')
      await decided
    },
    reader: async () => ({ id: 'alice', invitation: undefined }),
  }
}
