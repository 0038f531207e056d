import { digestSha256 } from '@behalf/core'
import {
  createBitstring,
  findListChange,
  type ListChange,
  type ListReference,
  type StatusEntry,
  type StatusPurpose,
  signHeartbeat,
  signStatusList,
  suspensionListUrl,
  writeBit,
} from '@behalf/credential'
import type { IssuerContext } from './issuer-context.ts'
import type { IssuerTransaction, Publication, StatusListName, StatusListState } from './issuer-store.ts'
import type { StatusPosition } from './status-position.ts'

/** Entries of every status list: the least that hides one delegation among others. */
export const STATUS_LIST_LENGTH = 131_072

/** Stands in for a place that is not given out yet; its spelling is at least as long as any real one's. */
export const PLACEHOLDER_POSITION: StatusPosition = { list: 999_999, index: STATUS_LIST_LENGTH - 1 }

// A list is left when half of it is given away: until then two random tries find a free place on average.
const FULL_AT = STATUS_LIST_LENGTH / 2
// The next list is published well before it is needed, so that every verifier holds it by then.
const OPEN_NEXT_AT = (STATUS_LIST_LENGTH * 2) / 5
const LIST_VALID_MS = 24 * 60 * 60 * 1000
const RENEW_WITH_LEFT_MS = LIST_VALID_MS / 2
// A verifier may still look at a link for a moment after its end.
const KEEP_AFTER_NEED_MS = 60 * 60 * 1000
const MAX_TRIES = 256
// Whoever missed more of a list than this is quicker with the list.
const MAX_CHANGES = 16
const MAX_CHANGED = 256
// A heartbeat tells of changes until the next one would have come anyhow.
const TELL_CHANGES_MS = 10_000
// Whoever verifies allows clocks to differ by this much.
const SMALL_STEP_MS = 5000

// Of every number there are both, from the beginning: what is issued can be suspended without a word in it.
const PURPOSES: readonly StatusPurpose[] = ['revocation', 'suspension']

/** The URL of a status list. It comes from the configured origin, never from a request. */
export function statusListUrl(
  context: Pick<IssuerContext, 'origin'>,
  { number, purpose }: StatusListName,
): string {
  const url = `${context.origin}/status/lists/${number}`
  return purpose === 'suspension' ? suspensionListUrl(url) : url
}

/** The `credentialStatus` member for a place in a list. */
export function createStatusEntry(
  context: Pick<IssuerContext, 'origin'>,
  position: StatusPosition,
): StatusEntry {
  const url = statusListUrl(context, { number: position.list, purpose: 'revocation' })
  return {
    id: `${url}#${position.index}`,
    type: 'BitstringStatusListEntry',
    statusPurpose: 'revocation',
    statusListIndex: String(position.index),
    statusListCredential: url,
  }
}

/**
 * A free random place is taken, for good.
 *
 * @param neededUntil - end of the delegation, milliseconds since the epoch
 */
export async function allocateStatusPosition(
  context: IssuerContext,
  tx: IssuerTransaction,
  neededUntil: number,
): Promise<StatusPosition> {
  const list = await currentList(context, tx)
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const position = { list: list.number, index: randomIndex(context) }
    if (await tx.claimStatusPosition(position, neededUntil)) return position
  }
  // Half of the places are free, so 256 misses in a row mean that the random source repeats itself.
  throw new Error('No free place found in the status list: is the random source working?')
}

/**
 * The list says what the store says, signed, one version on.
 *
 * @param name - of a list; a new one starts at version 1
 */
export async function signList(
  context: IssuerContext,
  tx: IssuerTransaction,
  name: StatusListName,
): Promise<StatusListState> {
  const { number, purpose } = name
  const known = await tx.findStatusList(name)
  const bits = createBitstring(STATUS_LIST_LENGTH)
  for (const index of await tx.listSetIndices(name)) writeBit(bits, index, true)
  const now = context.clock()
  const version = (known?.version ?? 0) + 1
  const validUntil = now + LIST_VALID_MS
  const jws = await signStatusList({
    id: statusListUrl(context, name),
    issuer: context.did,
    kid: context.kid,
    purpose,
    bits,
    version,
    now,
    validUntil,
    signer: context.signer,
  })
  const state: StatusListState = {
    number,
    purpose,
    version,
    digest: digestSha256(jws),
    signedAt: now,
    validUntil,
    allocated: known?.allocated ?? 0,
    neededUntil: known?.neededUntil ?? 0,
    changes: known ? followChanges(known, { version, ...findListChange(known.jws, bits) }) : [],
  }
  await tx.saveStatusList({ ...state, jws })
  return state
}

/** Every list in which these delegations stand as revoked says so, signed, one version on. */
export async function signRevoked(
  context: IssuerContext,
  tx: IssuerTransaction,
  delegations: readonly { readonly status: StatusPosition }[],
): Promise<void> {
  const numbers = new Set(delegations.map(({ status }) => status.list))
  for (const number of numbers) await signList(context, tx, { number, purpose: 'revocation' })
}

/**
 * A new heartbeat is stored, with the next sequence number, over every list that is still of use and every revoked
 * key. Lists near their end are signed again first; the first lists are opened here.
 *
 * @returns what is published once the transaction commits
 */
export async function publishHeartbeat(context: IssuerContext, tx: IssuerTransaction): Promise<Publication> {
  const last = await tx.readPublication()
  const epoch = last?.epoch ?? 1
  const sequence = (last?.sequence ?? 0) + 1
  const now = notBefore(last?.time, context.clock())
  const lists = await freshLists(context, tx, now)
  const revoked = await tx.listRevokedKeys()
  const jws = await signHeartbeat({
    issuer: context.did,
    kid: context.kid,
    epoch,
    sequence,
    now,
    lists: lists.map((list) => referTo(context, list, now)),
    revokedKeys: revoked.filter((key) => !isIssuerKey(context, key)),
    revokedIssuerKeys: revoked.filter((key) => isIssuerKey(context, key)),
    signer: context.signer,
  })
  const publication: Publication = { epoch, sequence, jws, time: now }
  await tx.savePublication(publication)
  return publication
}

/** For a small step back time stands still: to whoever saw the last heartbeat an earlier one is none. */
function notBefore(last: number | undefined, now: number): number {
  return last !== undefined && now < last && last - now <= SMALL_STEP_MS ? last : now
}

function referTo(context: IssuerContext, list: StatusListState, now: number): ListReference {
  const { version, digest, changes, signedAt } = list
  const isNews = now - signedAt < TELL_CHANGES_MS
  return { id: statusListUrl(context, list), version, digest, ...(isNews && { changes }) }
}

/** The changes that are told once this one was made. */
function followChanges({ changes }: StatusListState, change: ListChange): readonly ListChange[] {
  const told = [...changes, change].slice(-MAX_CHANGES)
  const count = ({ set, cleared }: ListChange): number => set.length + cleared.length
  while (told.reduce((sum, one) => sum + count(one), 0) > MAX_CHANGED) told.shift()
  return told
}

/** A key of an agent is named by its DID, one of this issuer by a DID URL. */
function isIssuerKey({ did }: IssuerContext, key: string): boolean {
  return key.startsWith(`${did}#`)
}

async function freshLists(
  context: IssuerContext,
  tx: IssuerTransaction,
  now: number,
): Promise<readonly StatusListState[]> {
  const known = await tx.listStatusLists()
  const useful = known.filter(
    (list) => list.allocated < FULL_AT || list.neededUntil + KEEP_AFTER_NEED_MS > now,
  )
  const numbers = [...new Set(useful.map(({ number }) => number))]
  if (useful.every(({ allocated }) => allocated >= OPEN_NEXT_AT)) {
    numbers.push(known.reduce((highest, { number }) => Math.max(highest, number), 0) + 1)
  }
  const fresh: StatusListState[] = []
  for (const number of numbers) {
    for (const purpose of PURPOSES) {
      const list = useful.find((one) => one.number === number && one.purpose === purpose)
      // What was signed by a clock that was ahead is believed by nobody yet.
      const isFresh = list !== undefined && list.signedAt <= now && list.validUntil - now > RENEW_WITH_LEFT_MS
      fresh.push(isFresh ? list : await signList(context, tx, { number, purpose }))
    }
  }
  return fresh
}

async function currentList(context: IssuerContext, tx: IssuerTransaction): Promise<StatusListState> {
  const findOpen = async (): Promise<StatusListState | undefined> =>
    (await tx.listStatusLists()).find(({ allocated }) => allocated < FULL_AT)
  const open = await findOpen()
  if (open) return open
  await publishHeartbeat(context, tx)
  const opened = await findOpen()
  if (opened) return opened
  throw new Error('A status list was opened but is not there')
}

function randomIndex(context: IssuerContext): number {
  const [high = 0, middle = 0, low = 0] = context.random(3)
  // 2^24 is a multiple of the length, so every index is as likely as any other.
  return ((high << 16) | (middle << 8) | low) % STATUS_LIST_LENGTH
}
