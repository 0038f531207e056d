import type { JsonObject } from '@behalf/core'
import type { IssuerEventType } from '@behalf/issuer'
import type { PeopleTransaction } from '../people/people-transaction.ts'
import { insertTarget, type NewTarget, type NoticeTarget } from './target-rows.ts'

type Events = readonly [added: IssuerEventType, removed: IssuerEventType]

const EVENTS: Readonly<Record<NoticeTarget['kind'], Events>> = {
  webhook: ['webhook_added', 'webhook_removed'],
  push: ['browser_added', 'browser_removed'],
}

/** A person is told things there from now on, and that stands in the record. */
export async function addTarget(tx: PeopleTransaction, target: NewTarget): Promise<void> {
  await insertTarget(tx.db, target)
  const by = target.person
  await tx.record(EVENTS[target.kind][0], { ...describe(target), events: [...target.events], by })
}

/**
 * Nobody is told anything there any more, and that stands in the record. What waited is dropped.
 *
 * @param by - the person who took it away
 */
export async function removeTarget(tx: PeopleTransaction, target: NoticeTarget, by: string): Promise<void> {
  await tx.db.deleteFrom('notice_targets').where('id', '=', target.id).execute()
  await tx.record(EVENTS[target.kind][1], { ...describe(target), by })
}

/** Of the address only its origin: whoever knows all of it may be able to write there. */
function describe({ id, person, address }: Pick<NewTarget, 'id' | 'person' | 'address'>): JsonObject {
  return { person, target: id, origin: new URL(address).origin }
}
