import { enrolmentOf, proofOfWorkload } from './record-members.ts'
import {
  type Collection,
  keep,
  MAX_FOLLOWED,
  readAbout,
  readOutermost,
  recordsOf,
  textsOf,
} from './trace-collection.ts'

/**
 * What let an agent have unasked what it had: the enrolment and its end, the request along with which it was given, and
 * what proved where the agent runs. Of each request and enrolment that is all: what else came of it is not told.
 */
export async function followEnrolments(collection: Collection): Promise<void> {
  const followed = new Set<string>()
  for (let next = findNext(collection, followed); next !== undefined; next = findNext(collection, followed)) {
    if (followed.size === MAX_FOLLOWED) {
      collection.isCut = true
      return
    }
    followed.add(next)
    await followEnrolment(collection, next)
  }
}

/** Whoever let an agent have something may have been let have it. */
function findNext(collection: Collection, followed: ReadonlySet<string>): string | undefined {
  return recordsOf(collection)
    .flatMap((record) => textsOf(enrolmentOf(record)))
    .find((id) => !followed.has(id))
}

async function followEnrolment(collection: Collection, id: string): Promise<void> {
  // An enrolment is the first thing that is on record of it, and its end the last.
  const found = (await readOutermost(collection, `enrolment:${id}`)).filter(
    ({ parsed }) => parsed.enrolment === id,
  )
  keep(collection, found)
  for (const { parsed } of found) {
    for (const request of textsOf(parsed.request)) {
      keep(collection, await readAbout(collection, `request:${request}`))
    }
    const proof = proofOfWorkload(parsed)
    if (proof !== undefined) keep(collection, (await readOutermost(collection, `proof:${proof}`)).slice(0, 1))
  }
}
