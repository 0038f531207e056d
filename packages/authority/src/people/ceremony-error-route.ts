import { AuthorityError } from '../error.ts'
import { ceremonyErrorSchema } from './people-bodies.ts'
import type { PeopleContext } from './people-context.ts'
import { definePeopleRoute, type PeopleRoute } from './people-route.ts'

const MAX_LOGGED = 500
const WINDOW_MS = 60_000
/** Anybody may tell; nobody may fill the log. */
const MAX_PER_WINDOW = 60

/** The route by which the page tells what a browser said when a ceremony failed there. */
export function createCeremonyErrorRoute({ log, clock }: Pick<PeopleContext, 'log' | 'clock'>): PeopleRoute {
  let window = { since: -Infinity, count: 0 }
  return definePeopleRoute({
    name: 'POST /api/ceremony-errors',
    summary: 'Tell what the browser said when a ceremony failed',
    body: ceremonyErrorSchema,
    answers: { 204: { description: 'It is in the log' } },
    run: async ({ body, session }) => {
      if (clock() - window.since >= WINDOW_MS) window = { since: clock(), count: 0 }
      window.count += 1
      if (window.count > MAX_PER_WINDOW)
        throw new AuthorityError('rate_limited', 'The log has enough of these')
      log.warn(
        { person: session?.person.id, said: escapeForLog(body.message) },
        'ceremony failed in the browser',
      )
      return { status: 204 }
    },
  })
}

/** One line of visible ASCII that moves no cursor and begins no entry of its own, at most 500 characters long. */
export function escapeForLog(text: string): string {
  return text
    .slice(0, MAX_LOGGED)
    .replaceAll(
      /[^\x20-\x5b\x5d-\x7e]/gu,
      (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
    )
    .slice(0, MAX_LOGGED)
}
