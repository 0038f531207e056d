import { encodeUtf8 } from '@behalf/core'
import type { NewIssuerEvent } from '@behalf/issuer'
import { AuthorityError } from '../error.ts'
import type { Answer } from '../route.ts'
import { type Change, findChanges } from './find-changes.ts'
import type { PeopleContext } from './people-context.ts'
import { definePeopleRoute, type PeopleRoute, requireSession } from './people-route.ts'
import type { Person } from './person.ts'
import { findSessionPerson } from './session.ts'

const MAX_STREAMS_PER_PERSON = 20

/**
 * The route by which a page learns that it should load something again. The stream tells what kind of thing changed of
 * what concerns the person, and nothing about it; it ends with its session.
 *
 * @see HTML, server-sent events
 */
export function createLiveRoute(context: PeopleContext): PeopleRoute {
  const streams = new Map<string, number>()
  return definePeopleRoute({
    name: 'GET /api/live',
    summary: 'Learn when something changed: events `changed` with `what`',
    answers: { 200: { description: 'Server-sent events, as long as the session lives', type: EVENT_STREAM } },
    run: async (call) => {
      const { person, tokenHash } = requireSession(call)
      const open = streams.get(person.id) ?? 0
      if (open >= MAX_STREAMS_PER_PERSON) throw new AuthorityError('rate_limited', 'Too many pages are open')
      streams.set(person.id, open + 1)
      return answerStream(context, tokenHash, () => streams.set(person.id, (streams.get(person.id) ?? 1) - 1))
    },
  })
}

const EVENT_STREAM = 'text/event-stream'

function answerStream(context: PeopleContext, session: string, ended: () => void): Answer {
  let end = (): void => undefined
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      end = feed(context, session, controller, ended)
    },
    cancel: () => end(),
  })
  return { status: 200, type: EVENT_STREAM, body, headers: { 'X-Accel-Buffering': 'no' } }
}

/** Writes to the stream until it is called off, the feed is closed, or the session is over. */
function feed(
  context: PeopleContext,
  session: string,
  controller: ReadableStreamDefaultController<Uint8Array>,
  ended: () => void,
): () => void {
  let isOpen = true
  const end = (): void => {
    if (!isOpen) return
    isOpen = false
    clearInterval(pings)
    unsubscribe()
    ended()
  }
  const close = (): void => {
    if (isOpen) controller.close()
    end()
  }
  const write = async (textFor: (person: Person) => Promise<string>): Promise<void> => {
    const text = await textForSession(context, session, textFor).catch(() => undefined)
    if (text === undefined) close()
    if (isOpen && text) controller.enqueue(encodeUtf8(text))
  }
  // One after the other: what takes longer to look up must not come later.
  let told = Promise.resolve()
  const tell = (events: readonly NewIssuerEvent[]): void => {
    told = told.then(() =>
      write(async (person) =>
        [...(await findChanges(context.database, person, events))].map(changed).join(''),
      ),
    )
  }
  const unsubscribe = context.feed.subscribe(tell, close)
  const pings = setInterval(() => void write(async () => ': still here\n\n'), context.pingSeconds * 1000)
  controller.enqueue(encodeUtf8(': welcome\n\n'))
  return end
}

/** Undefined when the session is over. */
async function textForSession(
  context: PeopleContext,
  session: string,
  textFor: (person: Person) => Promise<string>,
): Promise<string | undefined> {
  const person = await findSessionPerson(context, session)
  return person && textFor(person)
}

function changed(what: Change): string {
  return `event: changed\ndata: ${JSON.stringify({ what })}\n\n`
}
