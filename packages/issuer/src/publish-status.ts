import { digestSha256 } from '@behalf/core'
import {
  createBitstring,
  type StatusEntry,
  signHeartbeat,
  signStatusList,
  writeBit,
} from '@behalf/credential'
import type { IssuerContext } from './issuer-context.ts'
import type { IssuerTransaction, Publication, StatusListState } from './issuer-store.ts'
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

/** The URL of a status list. It comes from the configured origin, never from a request. */
export function statusListUrl(context: Pick<IssuerContext, 'origin'>, number: number): string {
  return `${context.origin}/status/lists/${number}`
}

/** The `credentialStatus` member for a place in a list. */
export function createStatusEntry(
  context: Pick<IssuerContext, 'origin'>,
  position: StatusPosition,
): StatusEntry {
  const url = statusListUrl(context, position.list)
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
 * @param number - of a list; a new one starts at version 1
 */
export async function signList(
  context: IssuerContext,
  tx: IssuerTransaction,
  number: number,
): Promise<StatusListState> {
  const known = await tx.findStatusList(number)
  const bits = createBitstring(STATUS_LIST_LENGTH)
  for (const index of await tx.listRevokedIndices(number)) writeBit(bits, index, true)
  const now = context.clock()
  const version = (known?.version ?? 0) + 1
  const validUntil = now + LIST_VALID_MS
  const jws = await signStatusList({
    id: statusListUrl(context, number),
    issuer: context.did,
    kid: context.kid,
    purpose: 'revocation',
    bits,
    version,
    now,
    validUntil,
    signer: context.signer,
  })
  const state: StatusListState = {
    number,
    version,
    digest: digestSha256(jws),
    signedAt: now,
    validUntil,
    allocated: known?.allocated ?? 0,
    neededUntil: known?.neededUntil ?? 0,
  }
  await tx.saveStatusList({ ...state, jws })
  return state
}

/**
 * A new heartbeat is stored, with the next sequence number, over every list that is still of use and every revoked
 * key. Lists near their end are signed again first; the first list is opened here.
 *
 * @returns what is published once the transaction commits
 */
export async function publishHeartbeat(context: IssuerContext, tx: IssuerTransaction): Promise<Publication> {
  const lists = await freshLists(context, tx)
  const last = await tx.readPublication()
  const epoch = last?.epoch ?? 1
  const sequence = (last?.sequence ?? 0) + 1
  const now = context.clock()
  const revoked = await tx.listRevokedKeys()
  const jws = await signHeartbeat({
    issuer: context.did,
    kid: context.kid,
    epoch,
    sequence,
    now,
    lists: lists.map(({ number, version, digest }) => ({
      id: statusListUrl(context, number),
      version,
      digest,
    })),
    revokedKeys: revoked.filter((key) => !isIssuerKey(context, key)),
    revokedIssuerKeys: revoked.filter((key) => isIssuerKey(context, key)),
    signer: context.signer,
  })
  const publication: Publication = { epoch, sequence, jws, time: now }
  await tx.savePublication(publication)
  return publication
}

/** A key of an agent is named by its DID, one of this issuer by a DID URL. */
function isIssuerKey({ did }: IssuerContext, key: string): boolean {
  return key.startsWith(`${did}#`)
}

async function freshLists(
  context: IssuerContext,
  tx: IssuerTransaction,
): Promise<readonly StatusListState[]> {
  const now = context.clock()
  const known = await tx.listStatusLists()
  const useful = known.filter(
    (list) => list.allocated < FULL_AT || list.neededUntil + KEEP_AFTER_NEED_MS > now,
  )
  if (useful.every((list) => list.allocated >= OPEN_NEXT_AT)) {
    const next = known.reduce((highest, list) => Math.max(highest, list.number), 0) + 1
    return [...(await renewAll(context, tx, useful)), await signList(context, tx, next)]
  }
  return renewAll(context, tx, useful)
}

async function renewAll(
  context: IssuerContext,
  tx: IssuerTransaction,
  lists: readonly StatusListState[],
): Promise<readonly StatusListState[]> {
  const renewed: StatusListState[] = []
  for (const list of lists) {
    const fresh = list.validUntil - context.clock() > RENEW_WITH_LEFT_MS
    renewed.push(fresh ? list : await signList(context, tx, list.number))
  }
  return renewed
}

async function currentList(context: IssuerContext, tx: IssuerTransaction): Promise<StatusListState> {
  const open = (await tx.listStatusLists()).find((list) => list.allocated < FULL_AT)
  if (open) return open
  await publishHeartbeat(context, tx)
  const opened = (await tx.listStatusLists()).find((list) => list.allocated < FULL_AT)
  if (opened) return opened
  throw new Error('A status list was opened but is not there')
}

function randomIndex(context: IssuerContext): number {
  const [high = 0, middle = 0, low = 0] = context.random(3)
  // 2^24 is a multiple of the length, so every index is as likely as any other.
  return ((high << 16) | (middle << 8) | low) % STATUS_LIST_LENGTH
}
