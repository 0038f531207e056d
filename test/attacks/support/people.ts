import { type Browser, claim } from '../../../packages/authority/test/support/browser.ts'
import { type AttackCase, httpOn, invariantOnce } from './attack-case.ts'
import {
  ASKED,
  type AuthorityChanges,
  type RunningAuthority,
  walletAgent,
  withAuthority,
} from './authority.ts'
import type { Answer } from './wire.ts'

/** An answer as a browser got it. */
type BrowserAnswer = Awaited<ReturnType<Browser['get']>>

/** The same in the form of everything that comes off the wire here. */
export function toAnswer({ status, headers, text }: BrowserAnswer): Answer {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}`)
  return {
    status,
    header: (name) => headers.get(name) ?? undefined,
    body: text,
    text: `HTTP/1.1 ${status}\n${lines.join('\n')}\n${text}`,
  }
}

/** Who is there: the first person with every role, signed in with a virtual authenticator, and the authority. */
export interface People {
  readonly running: RunningAuthority
  readonly alice: Browser
  /** An agent asks on behalf of a person; says the id of the request. */
  readonly ask: (person: string, changes?: object) => Promise<string>
}

/** Runs with an authority that somebody has claimed. */
export function withPeople<Result>(
  run: (people: People) => Promise<Result>,
  changes: AuthorityChanges = {},
): Promise<Result> {
  return withAuthority(async (running) => {
    const alice = await claim(running)
    const ask: People['ask'] = async (person, more = {}) => {
      const body = { ...ASKED, on_behalf_of: { id: person }, ...more }
      const answer = await running.send({ path: '/delegation-requests', as: walletAgent, body })
      if (answer.status !== 201) throw new Error(`the agent was refused: ${answer.body}`)
      return JSON.parse(answer.body).id
    }
    return run({ running, alice, ask })
  }, changes)
}

/** A case whose answers must be the refusal that is expected of it. */
export function refusing(
  run: (people: People) => Promise<BrowserAnswer | readonly BrowserAnswer[]>,
  changes: AuthorityChanges = {},
): AttackCase {
  return httpOn('express', () =>
    withPeople(async (people) => [await run(people)].flat().map(toAnswer), changes),
  )
}

/** A property, asserted once. */
export function holding(run: (people: People) => Promise<void>, changes: AuthorityChanges = {}): AttackCase {
  return invariantOnce(() => withPeople(run, changes))
}
